// One way in which models hear of changes: a slot, or the outbox.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>

#include "batch/commit_log.hpp"

namespace daas {

/// Outlives the models that subscribe to its log.
struct Feed {
  explicit Feed(std::size_t max_bytes) : log(max_bytes) {}

  CommitLog log;
  /// Has the source come to what is committed by now. From any thread.
  std::function<void()> hurry;
  /// How long it may take by itself.
  std::chrono::milliseconds patience{0};
};

}  // namespace daas
