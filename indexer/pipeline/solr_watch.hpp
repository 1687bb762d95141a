// Holds the namespace in Solr while a run lasts, and sees what others do to it, also when no change
// comes in.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "pipeline/context.hpp"
#include "pipeline/namespace_claim.hpp"
#include "solr/admin.hpp"
#include "solr/http.hpp"

namespace daas {

/// What Solr had at one look.
struct SolrSighting {
  std::map<std::string, std::string> aliases;  ///< alias to collection
  std::map<std::string, std::string> collections;  ///< name to its cores' starts, and which lead
};

/// How often a claim's beat grows; three times as long without one, and its daemon is taken for dead.
constexpr std::chrono::seconds kBeatInterval{2};

/// Takes the namespace for this database, or throws why not, with what to run. Waits for the beat of
/// a claim that may be another copy's. To be called before anything is written.
Succession check_claim(SolrAdmin& admin, const IndexContext& context, const Standing& ours,
                       const Interrupt& interrupt, std::optional<std::string>& silent);

/// One thread. Ends the run when the claim is lost.
class SolrWatch {
 public:
  /// Writes the claim, and throws when somebody else did so at the same time.
  /// @param looked called after each look, from the watch's thread
  SolrWatch(IndexContext& context, const Standing& ours, const Interrupt& interrupt,
            std::function<void()> looked);
  ~SolrWatch();

  /// What the last look saw; null when there was none since the last call.
  std::unique_ptr<SolrSighting> take();

 private:
  void run();
  void look();
  void write_claim();
  /// A configset that was changed by hand is not undone by itself: somebody wanted it so.
  void look_at_configset();

  IndexContext& context_;
  Interrupt interrupt_;
  SolrAdmin admin_;
  HttpConnection files_;
  int looks_ = 0;
  std::string changed_file_;
  NamespaceClaim claim_;
  const std::function<void()> looked_;
  std::mutex mutex_;
  std::unique_ptr<SolrSighting> sighting_;
  std::thread thread_;
};

}  // namespace daas
