#include "batch/rule.hpp"

#include <algorithm>

namespace daas {
namespace {

constexpr std::chrono::milliseconds kLongestWait{250};

}  // namespace

void BatchRule::add(std::size_t count, std::size_t bytes, Clock::time_point now) {
  count_ += count;
  bytes_ += bytes;
  if (!first_) first_ = now;
}

std::optional<BatchCause> BatchRule::due(Clock::time_point now) const {
  if (flush_) return BatchCause::kFlush;
  if (first_ && count_ >= limits_.count) return BatchCause::kCount;
  if (first_ && bytes_ >= limits_.bytes) return BatchCause::kBytes;
  if (const auto due_at = deadline(); due_at && now >= *due_at) return BatchCause::kAge;
  return std::nullopt;
}

std::optional<Clock::time_point> BatchRule::deadline() const {
  if (!first_) return retry_;
  const auto aged = *first_ + limits_.age;
  return retry_ ? std::min(aged, *retry_) : aged;
}

void BatchRule::taken(std::size_t left, Clock::time_point now) {
  flush_ = false;
  count_ = 0;
  bytes_ = 0;
  first_.reset();
  if (left == 0) {
    retry_.reset();
    wait_ = {};
    return;
  }
  const std::chrono::milliseconds shortest{1};
  wait_ = wait_ == wait_.zero() ? std::max(limits_.age, shortest) : std::min(kLongestWait, wait_ * 2);
  retry_ = now + wait_;
}

}  // namespace daas
