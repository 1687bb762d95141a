#include "serve/login.hpp"

#include <spdlog/spdlog.h>

#include "serve/base64.hpp"
#include "serve/request.hpp"

namespace daas {
namespace {

constexpr std::size_t kMostLogins = 64;
constexpr std::size_t kLongestPassword = 1024;  // crypt(3) takes less; a longer one costs only time

ApiError with_challenge(ApiError error) {
  error.headers.emplace_back("WWW-Authenticate", "Basic realm=\"daas\", charset=\"UTF-8\"");
  return error;
}

std::variant<std::string, ApiError> try_login(AccountCheck& check, const Credentials& credentials,
                                              const TokenAuthority& tokens) {
  try {
    const auto claims = check.claims(credentials);
    if (!claims) return login_refused().error();
    nlohmann::ordered_json body;
    body["access_token"] = tokens.issue(credentials.name, *claims, TokenAuthority::Clock::now());
    body["token_type"] = "bearer";
    body["expires_in"] = tokens.ttl().count();
    return body.dump();
  } catch (const std::exception& error) {
    // The statement's words may name the account: they are for the log, not for the client.
    spdlog::warn("login: {}", log_text(error));
    return unavailable("logins are not possible at the moment", "the database did not answer")
        .error();
  }
}

}  // namespace

Credentials basic_credentials(std::string_view authorization) {
  constexpr std::string_view kScheme = "basic ";
  if (authorization.size() <= kScheme.size()) throw login_refused();
  for (std::size_t i = 0; i < kScheme.size() - 1; ++i) {
    if ((authorization[i] | 0x20) != kScheme[i]) throw login_refused();
  }
  if (authorization[kScheme.size() - 1] != ' ') throw login_refused();
  const auto decoded =
      base64_decode(authorization.substr(kScheme.size()), Base64Alphabet::kStandard);
  if (!decoded || !is_utf8(*decoded) || decoded->find('\0') != std::string::npos)
    throw login_refused();
  const auto colon = decoded->find(':');
  if (colon == std::string::npos || colon == 0 || decoded->size() - colon - 1 > kLongestPassword)
    throw login_refused();
  return {decoded->substr(0, colon), decoded->substr(colon + 1)};
}

Refusal login_refused() {
  return Refusal(with_challenge({401,
                                 "28P01",
                                 "the account's name or password is wrong",
                                 {},
                                 "send the header Authorization: Basic base64(NAME:PASSWORD)",
                                 {}}));
}

std::string AccountCheck::ask(const Credentials& credentials) {
  if (!connection_) {
    connection_ =
        std::make_unique<Connection>(conninfo_, "daas serve login", Session::kPlain, interrupt_);
    connection_->run("SET statement_timeout = '10s'");
  }
  const auto rows =
      connection_->run("SELECT daas.login($1, $2)", {credentials.name, credentials.password});
  return rows.rows() == 1 && !rows.is_null(0, 0) ? rows.text(0, 0) : std::string();
}

std::optional<nlohmann::json> AccountCheck::claims(const Credentials& credentials) {
  std::string claims;
  const bool kept = connection_ != nullptr;
  try {
    claims = ask(credentials);
  } catch (const PgError& error) {
    // A kept connection may have been cut while nobody used it: a new one deserves one try.
    const bool lost = PQstatus(connection_ ? connection_->raw() : nullptr) != CONNECTION_OK;
    if (lost) connection_.reset();
    if (!kept || !lost) throw;
    claims = ask(credentials);
  }
  if (claims.empty()) return std::nullopt;
  return nlohmann::json::parse(claims);
}

LoginDesk::LoginDesk(const std::string& conninfo, const TokenAuthority& tokens, int threads)
    : tokens_(tokens), workers_(threads, kMostLogins, [&] {
        return std::make_unique<AccountCheck>(conninfo, &stop_);
      }) {}

LoginDesk::~LoginDesk() {
  stop_.raise();
}

void LoginDesk::login(std::string_view authorization, Answer answer) {
  auto credentials = std::make_shared<Credentials>();
  try {
    *credentials = basic_credentials(authorization);
  } catch (const Refusal& refusal) {
    answer(refusal.error());
    return;
  }
  const bool queued = workers_.try_run([this, credentials, answer](AccountCheck& check) {
    answer(try_login(check, *credentials, tokens_));
  });
  if (!queued) answer(unavailable("too many logins are waiting").error());
}

}  // namespace daas
