// What the serving role counts, for Prometheus. Thread-safe.
#pragma once

#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <chrono>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace daas {

class ReadMetrics {
 public:
  ReadMetrics();

  /// @param route path of an API, or another of the few routes that there are: never what a client
  ///   made up, since each is a time series
  void observe(const std::string& route, unsigned status, std::chrono::steady_clock::duration took);
  std::vector<prometheus::MetricFamily> collect() const { return registry_.Collect(); }

 private:
  prometheus::Histogram& requests_of(const std::string& route, unsigned status);

  prometheus::Registry registry_;
  prometheus::Family<prometheus::Histogram>& requests_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::unordered_map<unsigned, prometheus::Histogram*>> known_;  ///< by route and status
};

}  // namespace daas
