#include "serve/login.hpp"

#include <spdlog/spdlog.h>

#include "serve/base64.hpp"
#include "serve/request.hpp"

namespace daas {
namespace {

constexpr std::string_view kLogin = "/auth/login";
constexpr std::string_view kRefresh = "/auth/refresh";
constexpr std::string_view kLogout = "/auth/logout";
constexpr std::size_t kMostLogins = 64;
constexpr std::size_t kMostRefreshes = 256;
constexpr std::size_t kLongestName = 800;       // 200 characters
constexpr std::size_t kLongestPassword = 1024;  // crypt(3) takes less; a longer one costs only time

ApiError with_challenge(ApiError error) {
  error.headers.emplace_back("WWW-Authenticate", "Basic realm=\"daas\", charset=\"UTF-8\"");
  return error;
}

/// The database's words may name the account: they are for the log, not for the client.
ServerResponse failed(const char* what, const std::exception& error) {
  spdlog::warn("{}: {}", what, log_text(error));
  return error_response(unavailable("logins are not possible at the moment", "the database did not answer").error());
}

ServerResponse tokens_response(const TokenAuthority& tokens, const std::string& account, const nlohmann::json& claims,
                               const std::string& refresh_token, std::chrono::seconds refresh_left) {
  nlohmann::ordered_json body;
  body["access_token"] = tokens.issue(account, claims, TokenAuthority::Clock::now());
  body["token_type"] = "bearer";
  body["expires_in"] = tokens.ttl().count();
  if (!refresh_token.empty()) {
    body["refresh_token"] = refresh_token;
    body["refresh_expires_in"] = refresh_left.count();
  }
  return {200, {{"Cache-Control", "no-store"}}, body.dump()};
}

ServerResponse try_logout(AccountStore& store, const RefreshToken& token) {
  try {
    store.end_session(token);
    return {204, {{"Cache-Control", "no-store"}}, {}};
  } catch (const std::exception& error) {
    return failed("logout", error);
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
  if (colon == std::string::npos || colon == 0 || colon > kLongestName || decoded->size() - colon - 1 > kLongestPassword)
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

LoginDesk::LoginDesk(Settings settings, const TokenAuthority& tokens)
    : settings_(std::move(settings)),
      tokens_(tokens),
      logins_(settings_.threads, kMostLogins, [&] { return std::make_unique<AccountStore>(settings_.conninfo, &stop_); }),
      sessions_(settings_.session_life.count() > 0 ? 1 : 0, kMostRefreshes,
                [&] { return std::make_unique<AccountStore>(settings_.conninfo, &stop_); }) {}

void LoginDesk::stop() {
  stop_.raise();
  logins_.stop();
  sessions_.stop();
}

bool LoginDesk::has(std::string_view path) { return path == kLogin || path == kRefresh || path == kLogout; }

void LoginDesk::handle(std::string_view path, const ServerRequest& request, HttpServer::Reply reply) {
  if (path == kLogin) return log_in(request, std::move(reply));
  if (settings_.session_life.count() == 0) {
    throw Refusal(404, "PGRST125", "there are no refresh tokens here", {}, "log in again with POST /auth/login");
  }
  const auto token = refresh_token_of(request.body);
  const auto address = client_address(request.peer, request.forwarded_for, settings_.proxies);
  if (const auto wait = refused_refreshes_.wait(address, RateLimit::Clock::now())) {
    throw too_many_requests("too many refresh tokens were not good", *wait);
  }
  const bool queued = sessions_.try_run([this, token, address, end = path == kLogout, reply](AccountStore& store) {
    reply(end ? try_logout(store, token) : try_refresh(store, token, address));
  });
  if (!queued) throw unavailable("too many logins are waiting");
}

void LoginDesk::log_in(const ServerRequest& request, HttpServer::Reply reply) {
  const auto credentials = basic_credentials(request.authorization);
  const auto address = client_address(request.peer, request.forwarded_for, settings_.proxies);
  limit_.check(credentials.name, address, LoginLimit::Clock::now());
  const bool queued = logins_.try_run([this, credentials, address, reply](AccountStore& store) {
    reply(try_login(store, credentials, address));
  });
  if (!queued) throw unavailable("too many logins are waiting");
}

ServerResponse LoginDesk::try_login(AccountStore& store, const Credentials& credentials, const std::string& address) {
  try {
    // Again: others that were sent with this one may have failed meanwhile.
    limit_.check(credentials.name, address, LoginLimit::Clock::now());
    const auto life = settings_.session_life;
    const auto token = life.count() > 0 ? std::optional(new_refresh_token()) : std::nullopt;
    const auto claims = token ? store.open_session(credentials, *token, life) : store.log_in(credentials);
    if (!claims) {
      limit_.failed(credentials.name, address, LoginLimit::Clock::now());
      return error_response(login_refused().error());
    }
    limit_.succeeded(credentials.name, address, LoginLimit::Clock::now());
    return tokens_response(tokens_, credentials.name, *claims, token ? token->text() : std::string(), life);
  } catch (const Refusal& refusal) {
    return error_response(refusal.error());
  } catch (const std::exception& error) {
    return failed("login", error);
  }
}

ServerResponse LoginDesk::try_refresh(AccountStore& store, const RefreshToken& token, const std::string& address) {
  try {
    const auto next = next_refresh_token(token);
    const auto refreshed = store.refresh(token, next);
    if (refreshed.state == "refreshed") {
      return tokens_response(tokens_, refreshed.account, refreshed.claims, next.text(), refreshed.left);
    }
    refused_refreshes_.charge(address, RateLimit::Clock::now());
    if (refreshed.state == "reused") {
      spdlog::warn("serve: account {}: a refresh token was used twice, so that two may have it: its session is ended",
                   nlohmann::json(refreshed.account).dump());
    }
    return error_response(refresh_refused().error());
  } catch (const std::exception& error) {
    return failed("refresh", error);
  }
}

}  // namespace daas
