#include "serve/read_service.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "serve/docs_page.hpp"
#include "serve/representation.hpp"
#include "serve/request.hpp"
#include "serve/write_request.hpp"

namespace daas {
namespace {

constexpr std::string_view kHealth = "/healthz";
constexpr std::string_view kRoot = "/";
constexpr std::string_view kOpenApi = "/openapi.json";

bool is_api_name(const std::string& name) {
  return !name.empty() && name.size() <= 100 && !(name[0] >= '0' && name[0] <= '9') &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
}

void allow(const ServerRequest& request, const std::vector<std::string_view>& methods) {
  if (std::find(methods.begin(), methods.end(), request.method) != methods.end()) return;
  const auto allowed = listed(methods);
  ApiError error{
      405, "PGRST117", "Unsupported HTTP method: " + request.method, {}, "allowed: " + allowed, {}};
  error.headers.emplace_back("Allow", allowed);
  throw Refusal(std::move(error));
}

std::string path_of(const std::string& target) {
  return target.substr(0, target.find('?'));
}

/// The API that a path is, or null. Kept alive by the catalog.
const Api* api_at(const std::shared_ptr<const Catalog>& catalog, const std::string& path) {
  return catalog && !path.empty() ? catalog->find(path.substr(1)) : nullptr;
}

Refusal unknown_apis() {
  return unavailable("the APIs are not known yet", "the database has not been reached since the start");
}

}  // namespace

ReadService::ReadService(Settings settings, CatalogWatcher& catalog, const TokenAuthority& tokens,
                         LoginDesk& logins, WriteService& writes, EventLoops& loops, KeyRing* keys)
    : position_wait_(settings.position_wait),
      catalog_(catalog),
      tokens_(tokens),
      logins_(logins),
      writes_(writes),
      keys_(keys),
      origins_(settings.origins),
      documents_({settings.version, writes.can_write(), logins.has_sessions(), settings.requests_per_account > 0}),
      runner_(std::move(settings.runner), catalog, loops) {
  if (settings.requests_per_account > 0) account_limit_.emplace(settings.requests_per_account);
}

std::string ReadService::route(const std::string& target) const {
  const auto path = path_of(target);
  if (path == kHealth || LoginDesk::has(path) || path == kRoot || path == kOpenApi) return path;
  if (is_docs_path(path)) return "/docs";
  const auto catalog = catalog_.current();
  const Api* const api = api_at(catalog, path);
  return api ? "/" + api->path : "other";
}

std::string ReadService::methods(const std::string& target) const {
  const auto path = path_of(target);
  if (LoginDesk::has(path)) return "POST";
  const auto catalog = catalog_.current();
  const Api* const api = api_at(catalog, path);
  return listed(api ? methods_of(*api) : std::vector<std::string_view>{"GET", "HEAD"});
}

void ReadService::handle(ServerRequest request, HttpServer::Reply plain_reply) {
  // What a page of another origin is told of a refusal, it must be able to read, too.
  const HttpServer::Reply reply = [this, origin = request.origin, plain_reply](ServerResponse response) {
    origins_.open(response, origin);
    plain_reply(std::move(response));
  };
  if (request.method == "OPTIONS" && !request.origin.empty()) {
    return plain_reply(origins_.preflight(request.origin, methods(request.target)));
  }
  answer(std::make_shared<const ServerRequest>(std::move(request)), reply, keys_ != nullptr);
}

void ReadService::answer(std::shared_ptr<const ServerRequest> request, const HttpServer::Reply& reply, bool may_refetch) {
  try {
    admit(*request);
    route_to(*request, reply);
  } catch (const UnknownKey& unknown) {
    // The issuer's keys may have changed since they were read; the request waits for them, once.
    const bool asked = may_refetch && keys_->refetch([this, request, reply] {
      try {
        answer(request, reply, false);
      } catch (const std::exception& failure) {
        spdlog::error("serve: a request failed: {}", log_text(failure));
        reply(error_response({500, "XX000", "internal error", {}, {}, {}}));
      }
    });
    if (!asked) reply(error_response(unknown.error()));
  } catch (const Refusal& refusal) {
    reply(error_response(refusal.error()));
  }
}

bool ReadService::admits(const ServerRequest& head) const {
  if (!is_write(head.method)) return false;
  try {
    const auto catalog = catalog_.current();
    const Api* const api = api_at(catalog, path_of(head.target));
    const auto token = bearer_token(head.authorization);
    if (api == nullptr || !token) return false;
    const auto methods = methods_of(*api);
    if (std::find(methods.begin(), methods.end(), head.method) == methods.end()) return false;
    tokens_.verify(*token, TokenAuthority::Clock::now());
    return true;
  } catch (const UnknownKey&) {
    return true;  // it may be good once the keys are read again, which is for the handler to do
  } catch (const std::exception&) {
    return false;
  }
}

void ReadService::admit(const ServerRequest& request) {
  if (!account_limit_ || request.authorization.empty()) return;
  const auto path = path_of(request.target);
  if (path == kHealth || LoginDesk::has(path) || is_docs_path(path)) return;
  if (const auto token = bearer_token(request.authorization)) {
    account_limit_->admit(tokens_.verify(*token, TokenAuthority::Clock::now()), RateLimit::Clock::now());
  }
}

void ReadService::route_to(const ServerRequest& request, const HttpServer::Reply& reply) {
  const auto path = path_of(request.target);
  HttpServer::Reply represented = [if_none_match = request.if_none_match, accept_encoding = request.accept_encoding,
                                   reply](ServerResponse response) {
    represent(response, if_none_match, accept_encoding);
    reply(std::move(response));
  };
  if (path == kHealth) {
    allow(request, {"GET", "HEAD"});
    reply({200, {}, R"({"status":"ok"})"});
  } else if (LoginDesk::has(path)) {
    allow(request, {"POST"});
    logins_.handle(path, request, reply);
  } else if (path == kRoot || path == kOpenApi) {
    describe(request, std::move(represented));
  } else if (is_docs_path(path)) {
    allow(request, {"GET", "HEAD"});
    represented(docs_response(path));
  } else if (is_write(request.method)) {
    read(request, reply);
  } else {
    read(request, std::move(represented));
  }
}

void ReadService::describe(const ServerRequest& request, HttpServer::Reply reply) {
  const auto catalog = catalog_.current();
  if (!catalog) throw unknown_apis();
  Claims claims;
  const auto token = bearer_token(request.authorization);
  if (token) claims = tokens_.verify(*token, TokenAuthority::Clock::now());
  allow(request, {"GET", "HEAD"});
  // Thousands of columns take milliseconds, and long claims are held against every scope.
  const bool queued = runner_.run_aside(
      "openapi.json",
      [this, catalog, claims = std::move(claims), with_token = token.has_value(), accept = request.accept, reply] {
        reply(documents_.answer(catalog, with_token ? &claims.json() : nullptr, accept));
      },
      reply);
  if (!queued) throw unavailable("too many requests are waiting");
}

void ReadService::read(const ServerRequest& request, HttpServer::Reply reply) {
  const auto catalog = catalog_.current();
  if (!catalog) throw unknown_apis();
  auto key = is_write(request.method) ? RememberedPlans::Key() : RememberedPlans::key(request);
  if (auto planned = plans_.find(key, catalog); planned.plan) {
    if (const auto token = bearer_token(request.authorization)) tokens_.verify(*token, TokenAuthority::Clock::now());
    return runner_.start(std::move(planned), std::move(reply));
  }
  const auto target = parse_target(request.target);
  if (target.segments.size() != 1 || !is_api_name(target.segments[0])) {
    throw Refusal(404, "PGRST125", "Invalid path specified in request URL", {},
                  "GET /API?column=eq.value");
  }
  const Api* api = catalog->find(target.segments[0]);
  if (api == nullptr) throw no_such_api(target.segments[0]);

  // Who asks comes before what is asked: without a token nothing about the API is told.
  Read read;
  read.path = api->path;
  if (const auto token = bearer_token(request.authorization)) {
    read.claims = tokens_.verify(*token, TokenAuthority::Clock::now());
    read.authenticated = true;
  } else if (!api->is_public || !api->scope.empty()) {
    throw token_missing();
  }
  allow(request, methods_of(*api));
  if (is_write(request.method)) return writes_.handle(request, target, api->path, std::move(read.claims), std::move(reply));
  // The types of scope columns are those of the live generation.
  if (!api->collection.empty()) check_scope(*api, read.claims);
  read.request = parse_read(target, {request.prefer, request.accept, request.accept_profile, request.min_position,
                                      request.method == "GET" ? request.range : std::string()},
                            api->path, api->filters, api->fields);
  if (read.request.min_position) {
    auto longest = position_wait_;
    if (read.request.wait) longest = std::min<std::chrono::milliseconds>(longest, *read.request.wait);
    read.deadline = std::chrono::steady_clock::now() + longest;
  }
  PlannedRead planned{std::make_shared<const Read>(std::move(read))};
  planned.plan = runner_.plan(*planned.read);  // refused here, a bad request costs no search
  if (!planned.plan->key.empty()) plans_.keep(std::move(key), planned);
  runner_.start(std::move(planned), std::move(reply));
}

}  // namespace daas
