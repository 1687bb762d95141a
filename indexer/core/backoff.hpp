// How long to wait before the next try: twice as long each time, with jitter.
#pragma once

#include <algorithm>
#include <chrono>
#include <random>

namespace daas {

/// Used by one thread.
class Backoff {
 public:
  Backoff(std::chrono::milliseconds first, std::chrono::milliseconds longest)
      : first_(first), longest_(longest), next_(first) {}

  /// Half of the present wait to all of it, so that those who failed together do not return together.
  std::chrono::milliseconds next() {
    std::uniform_real_distribution<double> jitter(0.5, 1.0);
    const auto wait = static_cast<double>(next_.count()) * jitter(random_);
    next_ = std::min(longest_, next_ * 2);
    return std::chrono::milliseconds(static_cast<long>(wait));
  }
  void reset() { next_ = first_; }

 private:
  const std::chrono::milliseconds first_;
  const std::chrono::milliseconds longest_;
  std::chrono::milliseconds next_;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace daas
