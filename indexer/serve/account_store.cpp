#include "serve/account_store.hpp"

namespace daas {
namespace {

std::optional<nlohmann::json> claims_of(const Result& rows) {
  if (rows.rows() != 1 || rows.is_null(0, 0)) return std::nullopt;
  return nlohmann::json::parse(rows(0, 0));
}

}  // namespace

Connection& AccountStore::connection() {
  if (connection_) {
    try {
      connection_->run("SELECT 1");
      return *connection_;
    } catch (const PgError&) {
      connection_.reset();
    }
  }
  connection_ = std::make_unique<Connection>(conninfo_, "daas serve login", Session::kPlain, interrupt_);
  connection_->run("SET statement_timeout = '10s'");
  return *connection_;
}

std::optional<nlohmann::json> AccountStore::log_in(const Credentials& credentials) {
  return claims_of(connection().run("SELECT daas.login($1, $2)", {credentials.name, credentials.password}));
}

std::optional<nlohmann::json> AccountStore::open_session(const Credentials& credentials, const RefreshToken& token,
                                                         std::chrono::seconds life) {
  return claims_of(connection().run("SELECT daas.open_session($1, $2, $3, $4, make_interval(secs => $5))",
                       {credentials.name, credentials.password, token.session_hash(), token.secret_hash(),
                        std::to_string(life.count())}));
}

AccountStore::Refreshed AccountStore::refresh(const RefreshToken& token, const RefreshToken& next) {
  const auto rows = connection().run(
      "SELECT state, account, claims, greatest(0, extract(epoch FROM expires_at - clock_timestamp()))::bigint"
      " FROM daas.refresh_session($1, $2, $3)",
      {token.session_hash(), token.secret_hash(), next.secret_hash()});
  Refreshed answer;
  answer.state = rows.text(0, 0);
  answer.account = rows.text(0, 1);
  if (answer.state != "refreshed") return answer;
  answer.claims = nlohmann::json::parse(rows(0, 2));
  answer.left = std::chrono::seconds(rows.integer(0, 3));
  return answer;
}

void AccountStore::end_session(const RefreshToken& token) {
  connection().run("SELECT daas.end_session($1)", {token.session_hash()});
}

}  // namespace daas
