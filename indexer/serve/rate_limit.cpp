#include "serve/rate_limit.hpp"

#include <algorithm>
#include <cmath>

namespace daas {

double RateLimit::left(const Bucket& bucket, Clock::time_point now) const {
  const double passed = std::chrono::duration<double>(now - bucket.at).count();
  return std::min(settings_.burst, bucket.left + std::max(0.0, passed) * settings_.per_second);
}

std::optional<std::chrono::milliseconds> RateLimit::wait_locked(const std::string& name, Clock::time_point now) const {
  const auto found = by_name_.find(name);
  const double there = found == by_name_.end() ? settings_.burst : left(*found->second, now);
  if (there >= 1) return std::nullopt;
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil((1 - there) / settings_.per_second * 1000)));
}

void RateLimit::charge_locked(const std::string& name, Clock::time_point now) {
  if (const auto found = by_name_.find(name); found != by_name_.end()) {
    buckets_.splice(buckets_.begin(), buckets_, found->second);
    auto& bucket = buckets_.front();
    bucket.left = left(bucket, now) - 1;
    bucket.at = std::max(bucket.at, now);
    return;
  }
  if (by_name_.size() >= settings_.most_names) {
    by_name_.erase(buckets_.back().name);
    buckets_.pop_back();
  }
  buckets_.push_front({name, settings_.burst - 1, now});
  by_name_.emplace(name, buckets_.begin());
}

std::optional<std::chrono::milliseconds> RateLimit::wait(const std::string& name, Clock::time_point now) const {
  const std::lock_guard lock(mutex_);
  return wait_locked(name, now);
}

void RateLimit::charge(const std::string& name, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  charge_locked(name, now);
}

std::optional<std::chrono::milliseconds> RateLimit::take(const std::string& name, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  const auto wait = wait_locked(name, now);
  if (!wait) charge_locked(name, now);
  return wait;
}

void RateLimit::forget(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return;
  buckets_.erase(found->second);
  by_name_.erase(found);
}

std::size_t RateLimit::names() const {
  const std::lock_guard lock(mutex_);
  return by_name_.size();
}

Refusal too_many_requests(std::string message, std::chrono::milliseconds wait, std::string hint) {
  const auto seconds = std::max<std::int64_t>(1, (wait.count() + 999) / 1000);
  ApiError error{429, "53400", std::move(message), "try again in " + std::to_string(seconds) + " s", std::move(hint), {}};
  error.headers.emplace_back("Retry-After", std::to_string(seconds));
  return Refusal(std::move(error));
}

}  // namespace daas
