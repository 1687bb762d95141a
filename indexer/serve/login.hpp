// POST /auth/login: an account's name and password to an access token.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "pg/connection.hpp"
#include "serve/refusal.hpp"
#include "serve/token.hpp"
#include "serve/worker_pool.hpp"

namespace daas {

struct Credentials {
  std::string name;
  std::string password;
};

/// Credentials of an Authorization header of scheme Basic (RFC 7617, UTF-8).
/// @throws Refusal 401
Credentials basic_credentials(std::string_view authorization);

/// The one 401 of a login: it does not say whether the account exists.
Refusal login_refused();

/// Asks daas.login on one kept connection, made at the first use and again when it was lost. One
/// thread.
class AccountCheck {
 public:
  AccountCheck(std::string conninfo, const Interrupt* interrupt)
      : conninfo_(std::move(conninfo)), interrupt_(interrupt) {}

  /// Claims of the account, or nothing for a wrong name or password.
  /// @throws PgError
  std::optional<nlohmann::json> claims(const Credentials& credentials);

 private:
  std::string ask(const Credentials& credentials);

  std::string conninfo_;
  const Interrupt* interrupt_;
  std::unique_ptr<Connection> connection_;
};

/// Logins have workers of their own: a password check takes a tenth of a second of CPU, and must
/// not hold up reads. Thread-safe.
class LoginDesk {
 public:
  using Answer = std::function<void(std::variant<std::string, ApiError>)>;

  LoginDesk(const std::string& conninfo, const TokenAuthority& tokens, int threads);
  ~LoginDesk();

  /// Calls `answer` once, on any thread, with the body of the 200 or an error.
  void login(std::string_view authorization, Answer answer);

 private:
  const TokenAuthority& tokens_;
  Interrupt stop_;
  WorkerPool<AccountCheck> workers_;
};

}  // namespace daas
