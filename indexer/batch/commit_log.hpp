// The shared queue of decoded commits: one writer (capture), one reader per model.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/change.hpp"
#include "core/lsn.hpp"

namespace daas {

using SharedCommit = std::shared_ptr<const Commit>;

/// What a model waits for.
enum class Progress { kReached, kFull, kTimeout, kWoken, kClosed };

/// Invariants (design §6, P5): confirmable() never passes the commit record of a commit that some
/// subscriber was given and has not declared durable; a commit is given to every subscriber whose
/// tables it touches, in commit order. Thread-safe. Bounded: while the commits that are alive hold
/// max_bytes or more, wait_room() blocks the writer.
class CommitLog {
 public:
  explicit CommitLog(std::size_t max_bytes);

  class Subscription;

  /// @param name of the model, for laggard()
  /// @param tables relation oids whose commits are wanted; messages with prefix daas.ddl are
  /// given to everybody.
  std::unique_ptr<Subscription> subscribe(std::string name,
                                          std::unordered_set<std::uint32_t> tables);

  /// The subscriber that holds up the others: the queue is full, and for longer than `patience` it has
  /// neither taken nor released a commit, nor told of progress, though there are some for it or with
  /// it, while another one has nothing left to take.
  /// Nothing when all stand still: then the cause is not one model.
  std::optional<std::string> laggard(std::chrono::steady_clock::time_point now,
                                     std::chrono::milliseconds patience) const;

  // Capture's side.
  void append(Commit commit);
  /// Everything that commits before `position` has been appended.
  void advance(Lsn position);
  /// Waits until there is room; false after the timeout.
  bool wait_room(std::chrono::milliseconds timeout);
  /// The position that may be confirmed to the slot.
  Lsn confirmable() const;
  Lsn decoded() const;
  /// What waits to be taken, by subscriber.
  struct Backlog {
    std::string name;
    std::size_t commits = 0;
    std::int64_t oldest_us = 0;  ///< commit time of the first, as Commit::time_us; 0: none
  };
  std::vector<Backlog> backlog() const;
  std::size_t bytes() const;
  /// Ends every wait, for good.
  void close();

 private:
  void release(std::size_t bytes);

  const std::size_t max_bytes_;
  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::size_t bytes_ = 0;
  bool writer_waits_ = false;
  bool closed_ = false;
  Lsn decoded_ = 0;
  std::unordered_set<Subscription*> subscribers_;
};

/// One model's end of the queue. Used by one thread; ends its part in confirmable() when destroyed.
/// Must not outlive the log.
class CommitLog::Subscription {
 public:
  ~Subscription();
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;

  /// The commits that came since the last call. Until hold() says otherwise they hold the slot.
  std::vector<SharedCommit> take();
  /// Commits before `position` that were taken are durable (or of no interest): only those at or
  /// after it hold the slot. kNothingHeld when there are none.
  void hold(Lsn position);
  static constexpr Lsn kNothingHeld = std::numeric_limits<Lsn>::max();

  /// Waits until everything before `position` is decoded. kFull when the queue has no room for
  /// more: take what there is first.
  Progress wait_decoded(Lsn position, std::chrono::milliseconds timeout);
  /// Waits until a commit came in, or wake() was called, or the deadline passed.
  Progress wait_commit(std::optional<std::chrono::steady_clock::time_point> deadline);
  /// The owner works off what it took. From any thread.
  void progress();
  /// What the owner waits for is nobody's fault: it is no laggard. From any thread.
  void excuse(bool waits);
  /// Ends a wait_commit() of the owner. From any thread.
  void wake();
  /// Gets no more commits and holds nothing any more.
  void leave();

 private:
  friend class CommitLog;
  Subscription(CommitLog& log, std::string name, std::unordered_set<std::uint32_t> tables)
      : log_(log), name_(std::move(name)), tables_(std::move(tables)) {}
  /// Commits are in the queue, or in memory though taken, on its account.
  bool takes_room() const;

  CommitLog& log_;
  const std::string name_;
  const std::unordered_set<std::uint32_t> tables_;
  std::deque<SharedCommit> inbox_;
  std::vector<std::weak_ptr<const Commit>> taken_;  ///< some may be gone
  Lsn held_ = kNothingHeld;
  std::chrono::steady_clock::time_point moved_at_ = std::chrono::steady_clock::now();
  bool woken_ = false;
  bool excused_ = false;
  std::condition_variable changed_;
};

}  // namespace daas
