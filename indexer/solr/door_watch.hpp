// Looks once after the start whether Solr stands open, without holding up anything.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "solr/endpoint.hpp"

namespace daas {

/// Owns one thread, which ends as soon as Solr has answered, or with the object.
class DoorWatch {
 public:
  /// @param tell called on that thread, at most once, with the URL of a node that is open
  DoorWatch(SolrEndpoint endpoint, std::function<void(const std::string&)> tell);
  ~DoorWatch();
  DoorWatch(const DoorWatch&) = delete;
  DoorWatch& operator=(const DoorWatch&) = delete;

 private:
  void run();

  const SolrEndpoint endpoint_;
  const std::function<void(const std::string&)> tell_;
  std::atomic<bool> ending_{false};
  std::mutex mutex_;
  std::condition_variable ended_;
  std::thread thread_;
};

}  // namespace daas
