// The indexing role: from the slot to the collections. docs/architecture.md walks through it.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "pipeline/context.hpp"

namespace daas {

/// Runs in its own thread. Whatever may heal by itself (PostgreSQL or Solr away, slot in use, a
/// restarted node) ends one run and begins the next, with backoff; stop() ends it for good.
class IndexRole {
 public:
  explicit IndexRole(IndexOptions options);
  ~IndexRole();

  void start();
  void stop();
  /// Whether a run is under way, and if not, why. For /readyz.
  bool ready(std::string& reason);
  /// Its figures, for /metrics.
  std::vector<prometheus::MetricFamily> metrics() { return metrics_.collect(); }
  /// For GET /status (StatusPage::render).
  std::optional<std::string> status(const std::string& exact);

 private:
  void run();
  void set_obstacle(const std::string& what);
  /// Tells daas.status().
  void note(const std::string& words, const std::string& hint);

  const IndexOptions options_;
  Interrupt interrupt_;
  IndexMetrics metrics_;
  std::mutex mutex_;
  std::string obstacle_ = "starting";
  std::thread thread_;
};

}  // namespace daas
