// Ends waits on PostgreSQL from another thread.
#pragma once

#include <atomic>
#include <chrono>

#include "core/error.hpp"

namespace daas {

/// Thrown out of a wait whose Interrupt was raised: the owner asked this thread to end.
class Interrupted : public Error {
 public:
  Interrupted() : Error(Remedy::kStop, "interrupted by the end of the daemon or of its model") {}
};

/// A latch: once raised it stays raised, and every poll() that includes fd() returns at once.
/// Thread-safe; must outlive the connections that wait on it. raise() is async-signal-safe.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  void raise();
  bool raised() const { return raised_.load(std::memory_order_acquire); }
  int fd() const { return fd_; }
  /// Throws Interrupted when raised.
  void check() const {
    if (raised()) throw Interrupted();
  }
  /// Waits; throws Interrupted as soon as it is raised.
  void wait(std::chrono::milliseconds time) const;
  /// Lets HTTP transfers watch the latch (HttpConnection takes an atomic flag).
  const std::atomic<bool>& flag() const { return raised_; }

 private:
  std::atomic<bool> raised_{false};
  int fd_;
};

}  // namespace daas
