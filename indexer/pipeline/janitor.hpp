// Removes from Solr what belongs to models that were dropped.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "pipeline/context.hpp"

namespace daas {

/// One thread, so that a slow or absent Solr does not hold up the coordinator.
class Janitor {
 public:
  /// @param done called from the thread when a model's collections are gone
  Janitor(IndexContext& context, std::function<void()> done);
  ~Janitor();

  /// Drops the collections of models that are not among `existing`: those that were in the sweep
  /// before, and those that an alias of this database names.
  void sweep(std::vector<std::string> existing);
  /// Sweeps when there is a generation of a model that is not: its creation may have been under way when
  /// the model was dropped, and land later.
  void see(const std::vector<std::string>& collections);
  /// The last sweep failed and should be tried again.
  bool unfinished();
  /// Whether a model of that name may not be started yet.
  bool busy_with(const std::string& model);

 private:
  void run();
  void clean(const std::vector<std::string>& existing);

  IndexContext& context_;
  const std::function<void()> done_;
  Interrupt interrupt_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool wanted_ = false;
  bool failed_ = false;
  std::vector<std::string> existing_;
  std::set<std::string> gone_;  ///< were there once; a first load may have no alias yet
  std::set<std::string> dropping_;
  std::set<std::string> tried_;  ///< by see(), since the last sweep()
  std::thread thread_;
};

}  // namespace daas
