// What the index role counts, for Prometheus. docs/operations.md lists the figures. Thread-safe;
// outlives the runs, so that counters do not begin again with each of them.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
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
  std::atomic<std::size_t> dead_letters{0};    ///< of the generation that has most
  std::atomic<bool> follows{false};            ///< what is served takes the changes

  void count_batch(std::optional<BatchCause> cause);
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

  std::vector<prometheus::MetricFamily> collect();

 private:
  void add_positions(std::vector<prometheus::MetricFamily>& families);

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
