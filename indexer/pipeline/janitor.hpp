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

  /// Looks for aliases of this database whose model is not among `existing`, and drops them.
  void sweep(std::vector<std::string> existing);
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
  std::set<std::string> dropping_;
  std::thread thread_;
};

}  // namespace daas
