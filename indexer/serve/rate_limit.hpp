// Token buckets by name, in bounded memory.
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "serve/refusal.hpp"

namespace daas {

/// Each name may do something `burst` times at once, and `per_second` times a second for ever.
/// Thread-safe.
class RateLimit {
 public:
  using Clock = std::chrono::steady_clock;

  struct Settings {
    double burst;
    double per_second;
    /// Names that are kept. The one that was used longest ago is forgotten for a new one, and so may do
    /// it again: there must be more than can be in use within the burst / per_second seconds after
    /// which a name is as good as new.
    std::size_t most_names = 65'536;
  };

  explicit RateLimit(Settings settings) : settings_(settings) {}

  /// Nothing when it may be done now; else how long to wait, at least.
  std::optional<std::chrono::milliseconds> wait(const std::string& name, Clock::time_point now) const;
  /// It was done. More than was there is owed, and waited for.
  void charge(const std::string& name, Clock::time_point now);
  /// Both at once: it is done when it may be.
  std::optional<std::chrono::milliseconds> take(const std::string& name, Clock::time_point now);
  /// As if it had never been done.
  void forget(const std::string& name);
  std::size_t names() const;

 private:
  struct Bucket {
    std::string name;
    double left;
    Clock::time_point at;
  };
  using Buckets = std::list<Bucket>;  ///< used last: first
  using Names = std::unordered_map<std::string, Buckets::iterator>;

  double left(const Bucket& bucket, Clock::time_point now) const;
  std::optional<std::chrono::milliseconds> wait_locked(const std::string& name, Clock::time_point now) const;
  void charge_locked(const std::string& name, Clock::time_point now);

  const Settings settings_;
  mutable std::mutex mutex_;
  Buckets buckets_;
  Names by_name_;
};

/// 429 with Retry-After in whole seconds, at least one.
Refusal too_many_requests(std::string message, std::chrono::milliseconds wait, std::string hint = {});

}  // namespace daas
