// Decoded change events: what the plugin's messages mean. Values, no I/O.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/lsn.hpp"

namespace daas {

enum class ReplicaIdentity : std::uint8_t { kNothing, kKey, kFull };

/// A captured table's shape at one position of the stream.
struct Relation {
  struct Column {
    std::string name;
    std::uint32_t type_oid = 0;
    std::int32_t typmod = -1;
    bool identity = false;  ///< part of the replica identity (every column under kFull)
    bool native = false;    ///< values come in the native encoding of docs/change_event.md, else as text
  };
  std::uint32_t oid = 0;
  std::string schema;
  std::string name;
  ReplicaIdentity identity = ReplicaIdentity::kNothing;
  std::vector<Column> columns;  ///< live columns in order; generated ones included when stored
};

/// One column's value in a row image.
struct Value {
  enum class State : std::uint8_t {
    kNull,
    kPresent,
    kUnchanged,  ///< not in the event (untouched TOAST, or too large): read the table
    kOmitted,    ///< a type whose output function the plugin does not run, or not in an identity image
  };
  State state = State::kNull;
  std::string_view bytes;  ///< points into the commit's buffers
};

enum class ChangeKind : std::uint8_t { kInsert, kUpdate, kDelete, kTruncate };

/// One row change, or the truncation of one table. Images are still encoded: decode/image.hpp
/// reads them, so that columns nobody asks for cost nothing.
struct Change {
  ChangeKind kind = ChangeKind::kInsert;
  const Relation* relation = nullptr;  ///< owned by the commit
  std::string_view old_image;          ///< empty when the WAL has none
  std::string_view new_image;
};

/// A logical message of pg_logical_emit_message with a prefix that starts with "daas.".
struct LogicalMessage {
  std::string prefix;
  std::string content;
};

/// Some changes of one transaction, in their order, and what they point into. Move-only: the views in
/// `changes` point into `buffers`.
struct ChangePart {
  ChangePart() = default;
  ChangePart(ChangePart&&) = default;
  ChangePart& operator=(ChangePart&&) = default;

  std::vector<Change> changes;
  std::vector<std::shared_ptr<const Relation>> relations;
  std::vector<std::unique_ptr<const std::string>> buffers;
};

/// The changes of a transaction that are not held in memory. Thread-safe.
class StoredChanges {
 public:
  class Reader {
   public:
    virtual ~Reader() = default;
    /// The next ones; none are left when the part has no buffers.
    virtual ChangePart next() = 0;
  };

  virtual ~StoredChanges() = default;
  /// From the first one; must not outlive this.
  virtual std::unique_ptr<Reader> read() const = 0;
};

/// One committed transaction, in the order of its changes: those that are stored, then those here.
struct Commit : ChangePart {
  std::uint64_t xid = 0;      ///< full transaction id (xid8), as in pg_snapshot
  Lsn lsn = 0;                ///< of the commit record
  Lsn end_lsn = 0;            ///< end of the commit record + 1; 0: not known, and what came before it may still come
  std::int64_t time_us = 0;   ///< commit time, microseconds since 2000-01-01 UTC
  std::size_t change_count = 0;           ///< stored ones included
  std::vector<std::uint32_t> truncated;   ///< oids of tables, each once
  std::vector<LogicalMessage> messages;
  std::shared_ptr<const StoredChanges> stored;  ///< null: all changes are here
  std::size_t bytes = 0;      ///< memory held, about
};

}  // namespace daas
