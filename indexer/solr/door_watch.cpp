#include "solr/door_watch.hpp"

#include <chrono>
#include <utility>

#include "core/error.hpp"
#include "solr/open_door.hpp"

namespace daas {
namespace {

constexpr std::chrono::seconds kRetry{5};

}  // namespace

DoorWatch::DoorWatch(SolrEndpoint endpoint, std::function<void(const std::string&)> tell)
    : endpoint_(std::move(endpoint)), tell_(std::move(tell)), thread_([this] { run(); }) {}

DoorWatch::~DoorWatch() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  ended_.notify_all();
  thread_.join();
}

void DoorWatch::run() {
  while (!ending_) {
    try {
      if (const auto open = open_node(endpoint_, &ending_); !open.empty()) tell_(open);
      return;
    } catch (const Error&) {
      // Solr is away; who needs it says so.
    }
    std::unique_lock lock(mutex_);
    ended_.wait_for(lock, kRetry, [this] { return ending_.load(); });
  }
}

}  // namespace daas
