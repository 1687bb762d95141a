// The documents of one batch: from its commits, and on its snapshot where they do not carry enough.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "batch/commit_log.hpp"
#include "core/model.hpp"
#include "pipeline/change_cursor.hpp"
#include "pipeline/change_reader.hpp"
#include "pipeline/lanes.hpp"
#include "pipeline/row_document.hpp"
#include "pipeline/snapshot_session.hpp"

namespace daas {

/// Not thread-safe; one per model.
class BatchDocuments {
 public:
  /// @param plugin of the stream, for check_shape()
  BatchDocuments(const Model& model, std::string plugin);

  /// What the commits of a batch ask for, besides documents.
  struct Findings {
    bool reload = false;       ///< TRUNCATE, or a rewrite without row events
    bool refresh = false;      ///< a change of a table whose delta is of mode kRefresh
    std::string reload_cause;
    bool check_shape = false;  ///< DDL on one of the model's tables
  };
  Findings find(const std::vector<SharedCommit>& commits);
  /// The last DDL of the model's tables, "after ALTER TABLE in transaction 739"; empty: none was seen.
  const std::string& last_ddl() const { return last_ddl_; }

  /// Sees to it that what will be fetched is what the session's snapshot saw: TRUNCATE empties a table for older snapshots, too.
  /// Throws Error(kAgain) when that has happened; a later snapshot sees the TRUNCATE.
  void hold_tables(SnapshotSession& session);
  /// Begins a batch. The commits must outlive it.
  void begin(const std::vector<SharedCommit>& commits);
  /// Reads on in the commits until there are enough documents for a chunk; false when there are none
  /// any more. A key may come in several chunks of a batch: the last one is right.
  bool next_chunk();
  /// Writes every document of the chunk to the lanes, fetching on the session's snapshot.
  /// @param version higher than that of the chunk before
  /// @param progress called now and then
  void write(SnapshotSession& session, Lanes& lanes, std::int64_t version,
             const std::function<void()>& progress);

  /// Fetches other documents on the session's snapshot and writes them: outcomes of the kind kFetch.
  void fetch_all(SnapshotSession& session, Lanes& lanes, std::int64_t version,
                 const ChangeReader::Outcomes& wanted);

  /// The model's tables as the session's snapshot sees them, in the form of daas.generation.tables.
  std::string tables(SnapshotSession& session) const;
  /// See source_shape.hpp; the error names the statement, too, if its message came.
  void check_shape(SnapshotSession& session);

 private:
  /// An error of `body` that stops the model names the last DDL of its tables.
  template <typename Body>
  void naming_the_statement(const Body& body);
  /// As an array literal.
  std::string source_oids() const;
  void write_outcomes(SnapshotSession& session, Lanes& lanes, std::int64_t version);
  /// Of a delta query, which finds no key twice.
  void write_affected(SnapshotSession& session, Lanes& lanes, std::int64_t version,
                      std::vector<std::vector<std::string>> keys);
  void fetch(SnapshotSession& session, Lanes& lanes, std::int64_t version,
             const std::vector<const ChangeReader::Outcomes::value_type*>& wanted);

  /// @param missing ids that are wanted and were not there yet
  void append_rows(const Result& rows, Lanes& lanes, std::int64_t version,
                   std::unordered_set<std::string_view>& missing);

  const Model& model_;
  const std::string plugin_;
  ChangeReader reader_;
  RowDocument row_document_;
  DocumentWriter writer_;
  std::optional<ChangeCursor> cursor_;
  ChangeReader::Outcomes outcomes_;
  std::vector<DeltaImages> images_;  ///< one of each delta
  std::string last_ddl_;
};

}  // namespace daas
