// Accounts and their sessions in the database, by the functions that the server role may call.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "pg/connection.hpp"
#include "serve/refresh_token.hpp"

namespace daas {

struct Credentials {
  std::string name;
  std::string password;
};

/// One kept connection, made at the first use and again when it was lost. One thread.
class AccountStore {
 public:
  AccountStore(std::string conninfo, const Interrupt* interrupt)
      : conninfo_(std::move(conninfo)), interrupt_(interrupt) {}

  /// Claims of the account, or nothing for a wrong name or password.
  /// @throws PgError
  std::optional<nlohmann::json> log_in(const Credentials& credentials);
  /// The same, and a session that lives so long. @throws PgError
  std::optional<nlohmann::json> open_session(const Credentials& credentials, const RefreshToken& token,
                                             std::chrono::seconds life);

  struct Refreshed {
    std::string state;  ///< refreshed, or unknown, over, reused
    std::string account;
    nlohmann::json claims;
    std::chrono::seconds left{};  ///< of the session's life
  };
  /// @param next what replaces the token; of the same session
  /// @throws PgError: it is then unknown which of the two is good
  Refreshed refresh(const RefreshToken& token, const RefreshToken& next);
  /// @throws PgError
  void end_session(const RefreshToken& token);

 private:
  /// A connection that answered just now: what changes something must not be sent twice, so a kept
  /// one that was cut while nobody used it has to show before.
  Connection& connection();

  std::string conninfo_;
  const Interrupt* interrupt_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace daas
