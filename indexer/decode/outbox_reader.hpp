// The rows of daas.outbox (sql/outbox.sql) rewritten as messages of docs/change_event.md, so that everything after this knows
// one format.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/change_event.hpp"
#include "core/lsn.hpp"

namespace daas {

/// Rewrites scans: each gives whole transactions. An image is of a row as it was or as it is, and nobody need know which: it is
/// told as an INSERT, and whatever documents it may be part of are looked up. Not thread-safe.
class OutboxReader {
 public:
  /// A source, with its columns of now.
  struct Source {
    struct Column {
      std::string name;
      std::uint32_t type_oid = 0;
      std::int32_t typmod = -1;
      bool operator==(const Column&) const = default;
    };
    std::uint32_t oid = 0;
    std::string schema;
    std::string name;
    std::vector<Column> columns;
    bool operator==(const Source&) const = default;
  };
  /// Looks them up; none: the table is no source any more.
  using FindSources = std::function<std::vector<Source>(std::uint32_t relation)>;

  struct Row {
    std::uint64_t xid = 0;
    std::uint32_t relation = 0;
    char kind = 'C';
    std::vector<std::string> columns;
    std::vector<std::vector<std::optional<std::string>>> images;
    std::int64_t time_us = 0;  ///< since 2000-01-01 UTC
  };

  explicit OutboxReader(FindSources find_sources) : find_sources_(std::move(find_sources)) {}

  /// @param position of all transactions of this scan; at least that of the scan before
  void begin(Lsn position);
  /// Rows of a transaction come one after the other, in their order.
  void add(const Row& row);
  /// The scan has no more rows.
  void end() { close(); }
  /// The next message, if one is ready.
  std::optional<std::string> next();

 private:
  void append(change_event::RecordType type, std::string_view body);
  /// The begin or the commit of the open transaction.
  void append_border(change_event::RecordType type);
  void append_ddl(std::string_view content);
  void append_changes(const Row& row, const Source& source);
  void describe(const Source& source);
  const std::vector<Source>& sources(std::uint32_t relation);
  void close();

  const FindSources find_sources_;
  std::map<std::uint32_t, std::vector<Source>> known_;  ///< by the table that was looked up in this scan
  std::map<std::uint32_t, Source> described_;           ///< as the stream knows them
  Lsn position_ = 0;
  std::optional<std::uint64_t> xid_;  ///< of the open transaction
  std::int64_t time_us_ = 0;
  bool begun_ = false;  ///< its begin record is written
  std::string gathered_;
  std::deque<std::string> ready_;
};

}  // namespace daas
