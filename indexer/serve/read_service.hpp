// The routes of the main listener, and one read from its request to its answer.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "serve/account_limit.hpp"
#include "serve/catalog.hpp"
#include "serve/cross_origin.hpp"
#include "serve/cursor_seal.hpp"
#include "serve/http_server.hpp"
#include "serve/key_ring.hpp"
#include "serve/login.hpp"
#include "serve/plan.hpp"
#include "serve/position_waits.hpp"
#include "serve/token.hpp"
#include "serve/worker_pool.hpp"
#include "solr/query.hpp"

namespace daas {

/// Thread-safe: handle() is called on the server's threads, searches run on the pool's.
class ReadService {
 public:
  struct Settings {
    SolrEndpoint solr;
    int threads = 8;  ///< searches at a time
    std::chrono::milliseconds time_allowed{5'000};
    std::string pg_conninfo;  ///< to tell the indexing daemon what is waited for
    std::chrono::milliseconds position_wait{5'000};  ///< longest that a read waits for its position
    std::string cursor_secret;
    std::vector<std::string> origins;  ///< whose pages may read; see CrossOrigin
    unsigned requests_per_account = 0;  ///< a second; 0: any number
  };

  ReadService(Settings settings, CatalogWatcher& catalog, const TokenAuthority& tokens,
              LoginDesk& logins, KeyRing* keys = nullptr);
  ~ReadService() { stop(); }

  /// @throws Refusal
  void handle(ServerRequest request, HttpServer::Reply reply);
  /// The route of a target, for figures: an API that there is, or one of a few words.
  std::string route(const std::string& target) const;
  /// Gives up searches under way.
  void stop();

 private:
  struct Read;

  /// @param may_refetch wait for the issuers' keys to be read again when a token's key is not known
  void answer(std::shared_ptr<const ServerRequest> request, const HttpServer::Reply& reply, bool may_refetch);
  /// Counts the request of an account. @throws Refusal
  void admit(const ServerRequest& request);
  void route_to(const ServerRequest& request, const HttpServer::Reply& reply);
  void read(const ServerRequest& request, HttpServer::Reply reply);
  ReadPlan plan(const Read& read) const;
  /// Queues it. False when too many are waiting.
  bool run(std::shared_ptr<const Read> read, HttpServer::Reply reply);
  /// Nothing when the searcher is not past the position that the read asks for.
  std::optional<ServerResponse> search(SolrQuery& solr, const Read& read, ReadPlan& planned);
  void wait(std::shared_ptr<const Read> read, const ReadPlan& planned, HttpServer::Reply reply);

  const Settings settings_;
  CatalogWatcher& catalog_;
  const TokenAuthority& tokens_;
  LoginDesk& logins_;
  KeyRing* keys_;
  std::optional<AccountLimit> account_limit_;
  std::atomic<bool> abort_{false};
  const CursorSeal seal_;
  const CrossOrigin origins_;
  PositionWaits waits_;
  WorkerPool<SolrQuery> workers_;
};

}  // namespace daas
