// What the index role counts, for Prometheus. docs/operations.md lists the figures. Thread-safe;
// outlives the runs, so that counters do not begin again with each of them.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "batch/rule.hpp"
#include "core/lsn.hpp"
#include "pipeline/bookkeeper.hpp"

namespace daas {

/// One model's figures. References stay good until IndexMetrics::forget().
struct ModelMetrics {
  prometheus::Counter& rows_loaded;
  prometheus::Counter& changes;
  prometheus::Counter& documents;
  prometheus::Counter& refused;
  prometheus::Counter& solr_retries;
  prometheus::Counter& postgresql_retries;
  std::array<prometheus::Counter*, 5> batches;  ///< by BatchCause; the last one: at an idle boundary

  // Where the model is. Set by its thread and by the coordinator, read at a scrape.
  std::atomic<std::size_t> taken{0};           ///< commits that its worker holds
  std::atomic<std::int64_t> oldest_taken{0};   ///< commit time of the first of them that is not visible
  std::atomic<std::size_t> queued{0};          ///< commits that wait for its worker
  std::atomic<std::int64_t> oldest_queued{0};  ///< microseconds since 2000-01-01; 0: none
  std::atomic<Lsn> visible{0};
  std::atomic<std::int64_t> visible_at{0};     ///< when that position was read; as above
  std::atomic<Lsn> captured{0};                ///< last commit that its worker took
  std::atomic<std::int64_t> captured_at{0};
  std::atomic<Lsn> shown{0};                   ///< last commit that readers see
  std::atomic<std::int64_t> shown_at{0};
  std::atomic<std::size_t> dead_letters{0};    ///< of the generation that has most
  std::atomic<bool> follows{false};            ///< what is served takes the changes

  void count_batch(std::optional<BatchCause> cause);

  /// Totals at one instant; those of the last seconds give the throughput.
  struct Sample {
    std::chrono::steady_clock::time_point at;
    double rows_loaded = 0;
    double changes = 0;
    double documents = 0;
  };
  std::deque<Sample> samples;  ///< guarded by IndexMetrics
  Sample sample() const;
};

/// One model's figures at one instant, for GET /status.
struct ModelFigures {
  std::int64_t rows_loaded = 0;
  std::int64_t changes = 0;
  std::int64_t documents = 0;
  std::int64_t refused = 0;
  double rows_loaded_rate = 0;  ///< a second, of the last ten
  double changes_rate = 0;
  double documents_rate = 0;
  std::int64_t lag_us = 0;          ///< age of the oldest captured commit that readers do not see
  std::int64_t visible_age_us = 0;  ///< time since the visible position was the end of the WAL
  Lsn captured = 0;
  std::int64_t captured_at = 0;
  Lsn shown = 0;
  std::int64_t shown_at = 0;
};

class IndexMetrics {
 public:
  IndexMetrics();

  ModelMetrics& model(const std::string& name);
  /// The model was dropped, or its name means another one now. Nobody uses its figures any more.
  void forget(const std::string& name);

  /// A run is under way in this epoch; 0: none is.
  void set_epoch(std::int64_t epoch) { epoch_ = epoch; }
  void set_wal(const Bookkeeper::WalState& wal);
  void set_queue_bytes(std::size_t bytes) { queue_bytes_ = bytes; }

  std::size_t queue_bytes() const { return queue_bytes_; }
  /// Once a second, for the throughput.
  void sample();

  std::vector<prometheus::MetricFamily> collect();
  /// By model; without those whose worker has not begun.
  std::map<std::string, ModelFigures> figures();

 private:
  void add_positions(std::vector<prometheus::MetricFamily>& families);
  /// Age in microseconds of the oldest commit that readers do not see.
  std::int64_t lag_of(const ModelMetrics& model) const;

  prometheus::Registry registry_;
  prometheus::Family<prometheus::Counter>& rows_loaded_;
  prometheus::Family<prometheus::Counter>& changes_;
  prometheus::Family<prometheus::Counter>& batches_;
  prometheus::Family<prometheus::Counter>& documents_;
  prometheus::Family<prometheus::Counter>& refused_;
  prometheus::Family<prometheus::Counter>& retries_;
  std::atomic<std::int64_t> epoch_{0};
  std::atomic<std::size_t> queue_bytes_{0};
  std::mutex mutex_;
  Bookkeeper::WalState wal_;
  std::map<std::string, std::unique_ptr<ModelMetrics>> models_;
};

/// Microseconds since 2000-01-01 UTC, as commit times are.
std::int64_t postgres_time_now();
/// The older one of two times, 0 being none.
std::int64_t older(std::int64_t a, std::int64_t b);

}  // namespace daas
