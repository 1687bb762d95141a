// Writers of the stream: what the plugin has to say, in one format. docs/change_event.md is the
// grammar of the binary one, which is here; change_json.hpp is the other.
//
// A writer lives in a memory context and is never destroyed, so it owns palloc'ed memory only. Any
// call may raise a PostgreSQL error, after which the decoding context goes away with the writer.
#pragma once

#include <cstdint>

#include "capture_table.hpp"

extern "C" {
#include "postgres.h"

#include "lib/stringinfo.h"
#include "replication/logical.h"
#include "replication/origin.h"
}

namespace daas {

struct CapturedTransaction {
  std::uint64_t xid;
  XLogRecPtr commit_lsn;
  XLogRecPtr end_lsn;
  TimestampTz time;
  RepOriginId origin;  ///< InvalidRepOriginId: committed here
  XLogRecPtr origin_lsn;
};

/// One row as decoded, in the shape of the table that holds it.
struct CapturedRow {
  const Datum* values;
  const bool* nulls;
};

class ChangeWriter {
 public:
  /// Whether a transactional logical message is sent. Anybody may write one, with any content.
  virtual bool wants_message(const char* prefix, const char* content, Size size) = 0;

  virtual void begin(const CapturedTransaction& transaction) = 0;
  /// Also sends everything that was gathered.
  virtual void commit(const CapturedTransaction& transaction) = 0;
  virtual void relation(const CapturedMember& member) = 0;

  /// A row change: open, at most one old and one new image in this order, close.
  virtual void open_change(change_event::RecordType type, const CapturedMember& member,
                           XLogRecPtr lsn) = 0;
  virtual void old_image(const CapturedMember& member, const CapturedRow& row) = 0;
  virtual void new_image(const CapturedMember& member, const CapturedRow& row) = 0;
  virtual void close_change(const CapturedMember& member) = 0;

  virtual void truncate(const CapturedMember& member, XLogRecPtr lsn) = 0;
  virtual void message(const char* prefix, const char* content, Size size, XLogRecPtr lsn) = 0;
};

/// Gathers records into messages of up to kMessageBytes, since one message a record is what costs.
class BinaryChangeWriter final : public ChangeWriter {
 public:
  /// @param context where the buffer lives, and the writer itself
  static BinaryChangeWriter* create(MemoryContext context, LogicalDecodingContext* output);

  bool wants_message(const char* prefix, const char* content, Size size) override;
  void begin(const CapturedTransaction& transaction) override;
  void commit(const CapturedTransaction& transaction) override;
  void relation(const CapturedMember& member) override;
  void open_change(change_event::RecordType type, const CapturedMember& member,
                   XLogRecPtr lsn) override;
  void old_image(const CapturedMember& member, const CapturedRow& row) override;
  void new_image(const CapturedMember& member, const CapturedRow& row) override;
  void close_change(const CapturedMember& member) override;
  void truncate(const CapturedMember& member, XLogRecPtr lsn) override;
  void message(const char* prefix, const char* content, Size size, XLogRecPtr lsn) override;

 private:
  explicit BinaryChangeWriter(LogicalDecodingContext* output) : output_(output) {}

  void open_record(change_event::RecordType type);
  void close_record();
  void send(int length);

  char* room(int length);
  template <typename Integer>
  void put(Integer value);
  void put_bytes(const void* bytes, int length);
  void put_name(const char* text);
  void put_transaction(const CapturedTransaction& transaction);
  void put_value(const CapturedColumn& column, Datum value);
  void put_converted(const CapturedColumn& column, Datum value);
  void put_length_and_bytes(const char* bytes, Size length);
  void put_image(const CapturedMember& member, const CapturedRow& row, bool identity_only);

  LogicalDecodingContext* output_;
  StringInfoData gathered_ = {};
  int record_ = 0;       ///< where the open record starts
  bool update_ = false;  ///< the open record is an update
  int old_length_ = 0;   ///< where its old_length goes
};

}  // namespace daas
