// The documents of one model that Solr refused: what stands in daas.refused_document and what is on
// the way there. docs/delivery.md, "Dead letters", says why no stale document and no wrong letter stays.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/document.hpp"
#include "core/model.hpp"
#include "pipeline/bookkeeper.hpp"
#include "pipeline/index_metrics.hpp"

namespace daas {

/// Thread-safe: lanes of the batches and of the load add, the model's thread does the rest.
///
/// A letter is added in memory when Solr has refused its document and before its tombstone is sent
/// (repeated after that, Solr would drop the document for its version and refuse nothing). It is in
/// the table before the batch ends, hence before the slot may pass the batch. It leaves the table
/// after a hard commit of what replaced it.
class DeadLetters {
 public:
  using Clock = std::chrono::steady_clock;

  DeadLetters(Bookkeeper& bookkeeper, const Model& model, ModelMetrics& metrics);

  /// The letters that earlier runs left of a generation.
  void open(const std::string& collection);
  /// A generation is gone, and so are its letters.
  void forget(const std::string& collection);

  /// Puts refused documents aside. Throws Error(kStop) when there are more than the model may have;
  /// they are in the table, then.
  void add(const std::string& collection, std::vector<RefusedDocument> refused, Lsn position);
  /// A batch sends a document or tombstone of this id.
  void touch(std::string_view id);

  /// What Solr holds of documents: version by id.
  using Versions = std::function<std::map<std::string, std::int64_t>(
      const std::string& collection, const std::vector<std::string>& ids)>;
  /// Ends a batch, when Solr has acknowledged it: writes the new letters, and finds out which ones
  /// were replaced. Whatever Solr holds instead of a letter's tombstone did, whoever sent it: batches
  /// and the load meet in one collection, and their answers in any order. Throws Error(kStop) when
  /// there are more than the model may have.
  void settle(const Versions& versions);
  /// Solr has all on disk: letters that were replaced leave the table.
  void remove_replaced();
  /// Writes what is not written; for a model that stops.
  void write();

  std::size_t count(const std::string& collection) const;

 private:
  struct Book {
    std::unordered_map<std::string, std::int64_t> versions;  ///< of every letter's tombstone
    std::map<std::string, LetterRecord> unwritten;
    std::set<std::string> replaced;  ///< still in the table
  };
  void write_book(const std::string& collection, Book& book);
  void review(const std::string& collection, const std::vector<std::string>& ids,
              const Versions& versions);
  void check_limit(const Book& book) const;
  void count_all();

  Bookkeeper& bookkeeper_;
  const Model& model_;
  ModelMetrics& metrics_;
  mutable std::mutex mutex_;
  std::map<std::string, Book> books_;  ///< by collection
  std::set<std::string> touched_;  ///< ids with a letter that the batch under way sends
  std::set<std::string> added_;    ///< refused since the last settle()
  std::size_t unwritten_bytes_ = 0;
  std::size_t unlogged_ = 0;
  Clock::time_point log_at_{};
  std::string last_;  ///< the last one in words, for the reason of a stop
  std::atomic<bool> any_{false};
};

}  // namespace daas
