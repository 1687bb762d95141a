#include "serve/read_metrics.hpp"

namespace daas {
namespace {

const prometheus::Histogram::BucketBoundaries kSeconds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                       0.25,  0.5,    1,     2.5,  5,     10};

}  // namespace

ReadMetrics::ReadMetrics()
    : requests_(prometheus::BuildHistogram()
                    .Name("daas_http_request_duration_seconds")
                    .Help("From the request's last byte to its answer, by route and status.")
                    .Register(registry_)) {}

void ReadMetrics::observe(const std::string& route, unsigned status,
                          std::chrono::steady_clock::duration took) {
  requests_of(route, status).Observe(std::chrono::duration<double>(took).count());
}

prometheus::Histogram& ReadMetrics::requests_of(const std::string& route, unsigned status) {
  // The library compares all labels with each other at every look.
  const std::lock_guard lock(mutex_);
  auto& known = known_[route][status];
  if (known == nullptr) known = &requests_.Add({{"route", route}, {"status", std::to_string(status)}}, kSeconds);
  return *known;
}

}  // namespace daas
