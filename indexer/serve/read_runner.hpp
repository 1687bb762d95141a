// One read from its request to its answer: planned, held against the cache, searched, waited for, streamed.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "serve/answer_cache.hpp"
#include "serve/catalog.hpp"
#include "serve/cursor_seal.hpp"
#include "serve/http_message.hpp"
#include "serve/plan.hpp"
#include "serve/position_waits.hpp"
#include "serve/response.hpp"
#include "serve/token.hpp"
#include "serve/worker_pool.hpp"
#include "solr/query.hpp"

namespace daas {

/// What a read needs to be planned, and planned again when the collection was switched meanwhile.
struct Read {
  std::string path;
  ApiRequest request;
  Claims claims;
  bool authenticated = false;
  std::chrono::steady_clock::time_point deadline{};  ///< of a read that asks for a position
};

/// Thread-safe: start() is called on the server's threads, searches run on the pool's.
class ReadRunner {
 public:
  using Reply = std::function<void(ServerResponse)>;
  struct Settings {
    SolrEndpoint solr;
    int threads = 8;  ///< searches at a time
    std::chrono::milliseconds time_allowed{5'000};
    std::string pg_conninfo;  ///< to tell the indexing daemon what is waited for
    std::string cursor_secret;
    std::size_t cache_bytes = 0;
    std::chrono::milliseconds cache_term{10};
  };

  ReadRunner(Settings settings, CatalogWatcher& catalog);
  ~ReadRunner() { stop(); }

  /// Answers once: from the cache at once, else on another thread.
  /// @throws Refusal what is wrong with the request, before anything is asked of Solr
  void start(std::shared_ptr<const Read> read, Reply reply);
  /// Other work that takes a while, on a thread of the searches; `reply` gets the error that it throws. False when too
  /// many are waiting.
  bool run_aside(const std::string& path, std::function<void()> work, Reply reply);
  /// Gives up searches under way.
  void stop();

 private:
  class Stream;
  /// A read whose answer may be among those that are kept.
  struct Asked {
    std::shared_ptr<const Read> read;
    ReadPlan planned;
    Reply reply;
    AnswerCache::TimePoint arrived;
  };

  ReadPlan plan(const Read& read) const;
  /// Answers from the cache, or queues what is missing.
  /// @param may_wait for a search that is under way; once
  /// @throws Refusal too many are waiting
  void give(const std::shared_ptr<Asked>& asked, bool may_wait);
  /// Has the collection looked at, so that its lease is renewed.
  void look(const std::string& collection, std::shared_ptr<AnswerCache::Flight> flight);
  /// Queues it. False when too many are waiting.
  /// @param flight of those who wait for its answer; may be null
  bool run(std::shared_ptr<const Read> read, ReadPlan planned, Reply reply, std::shared_ptr<AnswerCache::Flight> flight = nullptr);
  /// Calls `use` on a worker; `fail` gets the refusal when it throws.
  bool run(const std::string& path, std::function<void(SolrQuery&)> use, std::function<void(const ApiError&)> fail);
  /// Searches by the plan; made anew by `again` when the collection was switched meanwhile.
  ReadAnswer search(SolrQuery& solr, const Read& read, ReadPlan& planned, const std::function<ReadPlan()>& again);
  /// Nothing when the searcher is not past the position that the read asks for.
  /// @param planned is made anew when the definitions have changed since
  std::optional<ServerResponse> answer(SolrQuery& solr, const std::shared_ptr<const Read>& read, ReadPlan& planned);
  void wait(std::shared_ptr<const Read> read, const ReadPlan& planned, Reply reply);

  const Settings settings_;
  CatalogWatcher& catalog_;
  std::atomic<bool> abort_{false};
  const CursorSeal seal_;
  AnswerCache cache_;
  PositionWaits waits_;
  WorkerPool<SolrQuery> workers_;
};

}  // namespace daas
