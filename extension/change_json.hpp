// Writes changes as JSON, one line a change, for readers other than the daemon;
// docs/change_event.md tells the fields. A message is one line, without its line break.
//
// A line is held back until the next one or the commit. So the last line of a transaction carries
// the position behind the commit: a client that confirms it is not sent the transaction again.
#pragma once

#include "change_writer.hpp"
#include "json_text.hpp"

namespace daas {

struct JsonWriterOptions {
  bool transactions;           ///< lines for begin and commit
  bool types;                  ///< the columns' types in each line
  const char* message_prefix;  ///< logical messages that are sent; null: none but DDL
};

class JsonChangeWriter final : public ChangeWriter {
 public:
  /// @param context where the line lives, and the writer itself
  static JsonChangeWriter* create(MemoryContext context, LogicalDecodingContext* output,
                                  const JsonWriterOptions& options);

  bool wants_message(const char* prefix, const char* content, Size size) override;
  void begin(const CapturedTransaction& transaction) override;
  void commit(const CapturedTransaction& transaction) override;
  /// Says nothing: every line describes itself.
  void relation(const CapturedMember&) override {}
  void open_change(change_event::RecordType type, const CapturedMember& member,
                   XLogRecPtr lsn) override;
  void old_image(const CapturedMember& member, const CapturedRow& row) override;
  void new_image(const CapturedMember& member, const CapturedRow& row) override;
  void close_change(const CapturedMember& member) override;
  void truncate(const CapturedMember& member, XLogRecPtr lsn) override;
  void message(const char* prefix, const char* content, Size size, XLogRecPtr lsn) override;

 private:
  JsonChangeWriter(LogicalDecodingContext* output, const JsonWriterOptions& options)
      : output_(output), options_(options), text_(&line_, change_event::kRecordBytes) {}

  void send();
  void open_line(const char* event);
  void close_line();
  void put_boundary(const char* event, const CapturedTransaction& transaction);
  void put_position(XLogRecPtr lsn);
  void put_image(const CapturedMember& member, const CapturedRow& row, bool identity_only);
  void put_marked(const CapturedMember& member, const char* field, std::uint8_t mark);

  LogicalDecodingContext* output_;
  JsonWriterOptions options_;
  StringInfoData line_ = {};         ///< the open line, or the one that is held back
  StringInfoData transaction_ = {};  ///< what all lines of the transaction say
  JsonText text_;                    ///< writes line_
  std::uint64_t sequence_ = 0;       ///< number of the line in its transaction
  change_event::RecordType type_ = {};
  bool has_old_ = false;  ///< the open line has its "before"
};

}  // namespace daas
