// One read from its request to its answer: planned, held against the cache, searched, waited for, streamed.
#pragma once

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
#include "serve/search_client.hpp"
#include "serve/token.hpp"
#include "serve/worker_pool.hpp"

namespace daas {

/// What a read needs to be planned, and planned again when the collection was switched meanwhile.
struct Read {
  std::string path;
  ApiRequest request;
  Claims claims;
  bool authenticated = false;
  std::chrono::steady_clock::time_point deadline{};  ///< of a read that asks for a position
};

struct PlannedRead {
  std::shared_ptr<const Read> read = nullptr;
  std::shared_ptr<const ReadPlan> plan = nullptr;
};

/// Thread-safe. Works on the event loops; what takes a while, of a large answer, is done by threads of a pool.
class ReadRunner {
 public:
  using Reply = std::function<void(ServerResponse)>;
  struct Settings {
    SolrEndpoint solr;
    int searches = 8;  ///< at a time
    std::chrono::milliseconds time_allowed{5'000};
    std::string pg_conninfo;  ///< to tell the indexing daemon what is waited for
    std::string cursor_secret;
    std::size_t cache_bytes = 0;
    std::chrono::milliseconds cache_term{10};
  };

  ReadRunner(Settings settings, CatalogWatcher& catalog, EventLoops& loops);
  ~ReadRunner() { stop(); }

  /// @throws Refusal what is wrong with the request
  std::shared_ptr<const ReadPlan> plan(const Read& read) const;
  /// Answers once, from the cache at once.
  /// @throws Refusal too many are waiting
  void start(PlannedRead planned, Reply reply);
  /// Work that takes a while, on a thread of the pool; `reply` gets the error that it throws. False when too
  /// many are waiting.
  bool run_aside(const std::string& path, std::function<void()> work, Reply reply);
  /// Gives up what is under way. After the loops have stopped.
  void stop();

 private:
  class Stream;
  /// A read whose answer may be among those that are kept.
  struct Asked {
    std::shared_ptr<const Read> read;
    std::shared_ptr<const ReadPlan> plan;
    Reply reply;
    AnswerCache::TimePoint arrived;
  };

  using Fail = std::function<void(const ApiError&)>;
  using Plan = std::function<std::shared_ptr<const ReadPlan>()>;

  /// Answers with the error.
  static Fail refuse(Reply reply);

  ReadPlan make_plan(const Read& read) const;
  /// Answers from the cache, or has what is missing searched for.
  /// @param wait what for, if it is under way
  /// @throws Refusal too many are waiting
  void give(const std::shared_ptr<Asked>& asked, AnswerCache::Wait wait);
  /// Has the collection looked at, so that its lease is renewed.
  void look(const std::string& collection, std::shared_ptr<AnswerCache::Flight> flight);
  /// @param flight of those who wait for its answer; may be null
  /// @throws Refusal too many are waiting
  void run(const std::shared_ptr<Asked>& asked, std::shared_ptr<AnswerCache::Flight> flight);
  /// Searches by the plan; by what `again` makes when the collection was switched meanwhile. Calls `use`, or `fail` with
  /// what went wrong or `use` threw.
  /// @throws Refusal too many are waiting
  void search(const std::shared_ptr<const Read>& read, std::shared_ptr<const ReadPlan> plan, Plan again,
              std::function<void(ReadAnswer, const ReadPlan&)> use, Fail fail);
  struct Search;
  void ask(const std::shared_ptr<Search>& search);
  void found(const std::shared_ptr<Search>& search, SearchOutcome outcome);
  void use(Search& search, HttpResponse answer);
  /// Runs it; the refusal, or what another error is told as, goes to `fail`.
  static void guarded(const std::string& path, const Fail& fail, const std::function<void()>& work);
  bool aside(const std::string& path, const Fail& fail, std::function<void()> work);
  ServerResponse respond(const std::shared_ptr<const Read>& read, const ReadPlan& planned, ReadAnswer rows);
  void wait(const std::shared_ptr<Asked>& asked, const ReadPlan& planned);

  const Settings settings_;
  CatalogWatcher& catalog_;
  EventLoops& loops_;
  const CursorSeal seal_;
  AnswerCache cache_;
  PositionWaits waits_;
  WorkerPool<NoTool> workers_;
  SearchClient searches_;
};

}  // namespace daas
