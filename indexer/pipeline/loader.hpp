// Fills a new generation from the query on its birth snapshot (design §6, P4).
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "core/model.hpp"
#include "pipeline/context.hpp"
#include "pipeline/dead_letters.hpp"
#include "pipeline/generation_store.hpp"

namespace daas {

/// One load, in its own thread: creates the collection, waits for its birth, copies.
/// Its owner calls the methods from one thread. Destroying it ends the load.
class Loader {
 public:
  enum class Phase {
    kCreating,  ///< the collection
    kReady,     ///< may be born
    kCopying,
    kDone,      ///< every document is acknowledged
    kFailed,    ///< see error()
  };

  /// @param changed called from the load's thread when the phase changed
  /// @param letters get what Solr refuses
  Loader(IndexContext& context, const Model& model, DeadLetters& letters, int number,
         RetryObserver observer, std::function<void()> changed);
  ~Loader();

  /// Copies on an exported snapshot; returns when the load's session has imported it, or failed.
  /// Throws Interrupted when `waiting` is raised before that.
  /// @param position insert LSN of before the snapshot
  void begin(const std::string& exported_snapshot, std::int64_t version, Lsn position,
             const Interrupt& waiting);

  Phase phase() const { return phase_.load(); }
  int number() const { return number_; }
  /// Documents handed to the lanes so far.
  std::int64_t documents() const { return documents_.load(); }
  std::exception_ptr error() const;

 private:
  struct Birth {
    std::string snapshot;
    std::int64_t version = 0;
    Lsn position = 0;
  };
  void run();
  void copy(const Birth& birth);
  void enter(Phase phase);

  IndexContext& context_;
  const Model& model_;
  DeadLetters& letters_;
  const int number_;
  const RetryObserver observer_;
  const std::function<void()> changed_;
  Interrupt interrupt_;
  std::atomic<Phase> phase_{Phase::kCreating};
  std::atomic<std::int64_t> documents_{0};
  mutable std::mutex mutex_;
  std::condition_variable birth_changed_;
  std::optional<Birth> birth_;
  bool imported_ = false;
  std::exception_ptr error_;
  std::thread thread_;
};

}  // namespace daas
