// The routes below /auth/: a password to tokens, a refresh token to the next ones, and the end of that.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "serve/account_store.hpp"
#include "serve/http_server.hpp"
#include "serve/login_limit.hpp"
#include "serve/refusal.hpp"
#include "serve/token.hpp"
#include "serve/worker_pool.hpp"

namespace daas {

/// Credentials of an Authorization header of scheme Basic (RFC 7617, UTF-8).
/// @throws Refusal 401
Credentials basic_credentials(std::string_view authorization);

/// The one 401 of a login: it does not say whether the account exists.
Refusal login_refused();

/// Logins have workers of their own: a password check takes a tenth of a second of CPU, and must
/// hold up neither reads nor refreshes. Thread-safe.
class LoginDesk {
 public:
  struct Settings {
    std::string conninfo;
    int threads = 2;  ///< password checks at a time
    std::chrono::seconds session_life{std::chrono::hours(24 * 30)};  ///< 0: no refresh tokens
    std::vector<std::string> proxies{};  ///< whose X-Forwarded-For is believed; the loopback's is
  };

  LoginDesk(Settings settings, const TokenAuthority& tokens);
  ~LoginDesk() { stop(); }

  /// Gives up what is under way. Nobody is answered afterwards.
  void stop();

  /// The route of a path, or nothing: /auth/login, /auth/refresh, /auth/logout.
  static bool has(std::string_view path);
  /// Whether logins can be refreshed.
  bool has_sessions() const { return settings_.session_life.count() > 0; }
  /// A POST. Calls `reply` once, on any thread. @throws Refusal
  void handle(std::string_view path, const ServerRequest& request, HttpServer::Reply reply);

 private:
  void log_in(const ServerRequest& request, HttpServer::Reply reply);
  ServerResponse try_login(AccountStore& store, const Credentials& credentials, const std::string& address);
  ServerResponse try_refresh(AccountStore& store, const RefreshToken& token, const std::string& address);

  const Settings settings_;
  const TokenAuthority& tokens_;
  LoginLimit limit_;
  /// Refresh tokens that were not good, by address: they can't be guessed, but each costs a question
  /// to the database.
  RateLimit refused_refreshes_{{50, 1.0 / 2}};
  Interrupt stop_;
  WorkerPool<AccountStore> logins_;
  WorkerPool<AccountStore> sessions_;
};

}  // namespace daas
