// From the output plugin's messages to commits (docs/change_event.md).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/change.hpp"

namespace daas {

namespace decode {
class ByteReader;
}

/// Decodes one replication stream. Total: any byte string gives commits or raises Error (kStop),
/// after which only reset() is allowed, with a new START_REPLICATION. Memory is bounded by what was
/// fed. Not thread-safe. The images of the commits it gives are well formed: parse_image() takes
/// them, and native values have the size of their type.
///
///   StreamDecoder decoder;
///   for (;;) for (Commit& commit : decoder.feed(receive())) queue.push(std::move(commit));
class StreamDecoder {
 public:
  /// Takes one message whole; gives the transactions that it completes.
  std::vector<Commit> feed(std::string message);

  /// Whether a transaction has begun and not yet committed.
  bool in_transaction() const { return open_.has_value(); }
  /// Memory that the open transaction holds, about; 0 without one.
  std::size_t open_bytes() const { return open_ ? open_->bytes : 0; }

  /// Gives away what was decoded of the open transaction so far; its commit will hold the rest.
  /// Nothing but its changes goes: relations and messages stay with the commit, too.
  ChangePart take_part();
  /// A decoder that knows the tables as this one did when the open transaction began: fed with its
  /// messages again, it gives the same.
  StreamDecoder at_begin() const;

  /// Forgets everything: the stream starts anew.
  void reset();

 private:
  /// What the stream said last of a table.
  struct KnownRelation {
    std::shared_ptr<const Relation> relation;
    std::vector<int> widths;    ///< bytes of a column's values, kAnyWidth where they vary
    std::uint64_t held_in = 0;  ///< number of the last transaction that holds it
  };

  void read_record(char type, std::string_view body, std::vector<Commit>& done);
  void begin(decode::ByteReader& body);
  void commit(decode::ByteReader& body, std::vector<Commit>& done);
  void relation(decode::ByteReader& body);
  void change(ChangeKind kind, decode::ByteReader& body);
  void message(decode::ByteReader& body);

  static KnownRelation describe(std::shared_ptr<const Relation> relation);
  KnownRelation& known(std::uint32_t oid);
  void check_image(const KnownRelation& relation, std::string_view image);

  std::map<std::uint32_t, KnownRelation> relations_;
  std::optional<Commit> open_;
  std::uint64_t transaction_ = 0;  ///< number of the open one, from 1
  std::vector<Value> scratch_;
};

}  // namespace daas
