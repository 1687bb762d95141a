// PostgreSQL's own output plugin, where ours can't be loaded: its messages rewritten as those of docs/change_event.md, so that
// everything after this knows one format.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/change_event.hpp"

namespace daas {

namespace decode {
class ByteReader;
}

/// Rewrites one replication stream of protocol version 1, text format, with logical messages (PostgreSQL documentation, "Logical
/// Replication Message Formats"). Total: any byte string gives messages or raises Error (kStop), after which a new one
/// takes a new START_REPLICATION. Not thread-safe.
class PgoutputReader {
 public:
  /// @param near_xid a full transaction id of lately: the stream's have 32 bits
  explicit PgoutputReader(std::uint64_t near_xid) : near_xid_(near_xid) {}

  /// Takes one message whole.
  /// @return a message for StreamDecoder, or nothing: the records of small ones are gathered until a transaction's commit
  std::string feed(std::string_view message);

  /// Whether a transaction has begun and not yet committed, for what was fed.
  bool in_transaction() const { return open_; }

 private:
  /// What must be known of a table to read its rows.
  struct Table {
    std::vector<bool> identity;  ///< by column
  };

  void begin(decode::ByteReader& body);
  void commit(decode::ByteReader& body);
  void relation(decode::ByteReader& body);
  void insert(decode::ByteReader& body);
  void update(decode::ByteReader& body);
  void erase(decode::ByteReader& body);
  void truncate(decode::ByteReader& body);
  void message_of(decode::ByteReader& body);

  const Table& table(std::uint32_t oid) const;
  std::uint64_t full_xid(std::uint32_t xid);
  /// A record of the open transaction. Its begin stands before the first one, so that a transaction without any is nothing.
  void append(change_event::RecordType type, std::string_view body);

  std::uint64_t near_xid_;
  std::map<std::uint32_t, Table> tables_;
  bool open_ = false;
  bool begun_ = false;   ///< its begin record is written
  std::string begin_;    ///< body of that record
  std::uint64_t xid_ = 0;
  std::string gathered_;
};

}  // namespace daas
