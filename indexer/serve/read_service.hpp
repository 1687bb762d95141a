// The routes of the main listener: who asks, and what is asked.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "serve/account_limit.hpp"
#include "serve/catalog.hpp"
#include "serve/cross_origin.hpp"
#include "serve/http_server.hpp"
#include "serve/key_ring.hpp"
#include "serve/login.hpp"
#include "serve/openapi_answer.hpp"
#include "serve/read_runner.hpp"
#include "serve/remembered_plans.hpp"
#include "serve/token.hpp"
#include "serve/write_service.hpp"

namespace daas {

/// Thread-safe: handle() is called on the server's threads.
class ReadService {
 public:
  struct Settings {
    ReadRunner::Settings runner;
    std::chrono::milliseconds position_wait{5'000};  ///< longest that a read waits for its position
    std::vector<std::string> origins;                ///< whose pages may read; see CrossOrigin
    unsigned requests_per_account = 0;               ///< a second; 0: any number
    std::string version;                             ///< of the daemon, for openapi.json
  };

  ReadService(Settings settings, CatalogWatcher& catalog, const TokenAuthority& tokens,
              LoginDesk& logins, WriteService& writes, EventLoops& loops, KeyRing* keys = nullptr);
  /// @throws Refusal
  void handle(ServerRequest request, HttpServer::Reply reply);
  /// Whether who sends this header may send a large body: a write, with a token that is good. Never throws.
  bool admits(const ServerRequest& head) const;
  /// The route of a target, for figures: an API that there is, or one of a few words.
  std::string route(const std::string& target) const;
  /// Gives up searches under way, and undoes writes.
  void stop() {
    writes_.stop();
    runner_.stop();
  }

 private:
  /// @param may_refetch wait for the issuers' keys to be read again when a token's key is not known
  void answer(std::shared_ptr<const ServerRequest> request, const HttpServer::Reply& reply, bool may_refetch);
  /// Counts the request of an account. @throws Refusal
  void admit(const ServerRequest& request);
  void route_to(const ServerRequest& request, const HttpServer::Reply& reply);
  void read(const ServerRequest& request, HttpServer::Reply reply);
  void describe(const ServerRequest& request, HttpServer::Reply reply);
  std::string methods(const std::string& target) const;

  const std::chrono::milliseconds position_wait_;
  CatalogWatcher& catalog_;
  const TokenAuthority& tokens_;
  LoginDesk& logins_;
  WriteService& writes_;
  KeyRing* keys_;
  std::optional<AccountLimit> account_limit_;
  const CrossOrigin origins_;
  OpenApiAnswers documents_;
  RememberedPlans plans_;
  ReadRunner runner_;
};

}  // namespace daas
