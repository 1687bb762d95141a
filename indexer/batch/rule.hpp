// When a batch is due: count, bytes or age, whichever first. Pure; the clock is injected.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

namespace daas {

using Clock = std::chrono::steady_clock;

struct BatchLimits {
  std::size_t count = 1000;             ///< row changes
  std::size_t bytes = 1 << 20;          ///< of change events
  std::chrono::milliseconds age{10};    ///< since the first change came in
};

enum class BatchCause { kCount, kBytes, kAge, kFlush };

class BatchRule {
 public:
  explicit BatchRule(BatchLimits limits) : limits_(limits) {}

  /// Changes came in at `now`.
  void add(std::size_t count, std::size_t bytes, Clock::time_point now);
  /// Someone waits for what is pending, or for a boundary: the next batch is due at once.
  void flush() { flush_ = true; }
  /// Why a batch is due at `now`; nothing when none is.
  std::optional<BatchCause> due(Clock::time_point now) const;
  /// When due() becomes true by time alone; nothing when nothing is pending.
  std::optional<Clock::time_point> deadline() const;
  /// A batch was taken. `left` changes stay pending because its snapshot did not see them: they are
  /// tried again after the age limit, then after twice as long each time up to 250 ms, so that a
  /// commit that stays invisible for long (synchronous standby) does not keep a core busy.
  void taken(std::size_t left, Clock::time_point now);

 private:
  BatchLimits limits_;
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
  bool flush_ = false;
  std::optional<Clock::time_point> first_;  ///< when the oldest new change came in
  std::optional<Clock::time_point> retry_;  ///< when to try again those left behind
  std::chrono::milliseconds wait_{0};       ///< what retry_ waited
};

}  // namespace daas
