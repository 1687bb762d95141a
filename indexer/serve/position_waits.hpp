// Reads that wait until a position is visible.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "core/lsn.hpp"
#include "pg/interrupt.hpp"
#include "solr/query.hpp"

namespace daas {

/// One thread looks at the collections that somebody waits for, whatever the number of readers, and
/// tells the indexing daemon by NOTIFY daas_wanted what is waited for, so that it does not wait for more
/// changes. Thread-safe.
class PositionWaits {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  /// Called on the thread of the waits: must not block.
  using Done = std::function<void(bool reached)>;

  PositionWaits(std::string pg_conninfo, SolrEndpoint solr);
  ~PositionWaits();
  PositionWaits(const PositionWaits&) = delete;
  PositionWaits& operator=(const PositionWaits&) = delete;

  /// Calls done(true) when a searcher of the collection is past the position, or the collection is gone,
  /// and done(false) at the deadline. False when too many wait already.
  [[nodiscard]] bool wait(std::string model, std::string collection, Lsn position, TimePoint deadline,
                          Done done);
  /// Forgets who waits, and ends.
  void stop();

 private:
  struct Wait {
    std::string model;
    std::string collection;
    Lsn position;
    TimePoint deadline;
    Done done;
  };
  struct Wished {
    TimePoint at{};
    std::chrono::milliseconds pause{};  ///< before another, unless it was fulfilled
    bool fulfilled = true;
  };

  void run();
  void answer();
  /// The position of a collection's searcher; the highest there is when the collection is gone.
  Lsn look(const std::string& collection);
  void wish(const std::map<std::string, Lsn>& wanted);

  const std::string pg_conninfo_;
  Interrupt interrupt_;
  SolrQuery solr_;
  std::unique_ptr<class Connection> connection_;
  std::map<std::string, Wished> wished_;  ///< by model
  std::mutex mutex_;
  std::condition_variable changed_;
  std::list<Wait> waits_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace daas
