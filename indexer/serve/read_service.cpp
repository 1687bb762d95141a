#include "serve/read_service.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/log_field.hpp"
#include "serve/representation.hpp"
#include "serve/response.hpp"

namespace daas {
namespace {

constexpr std::string_view kHealth = "/healthz";
constexpr std::size_t kMostReads = 1024;
constexpr std::chrono::milliseconds kRefreshWait{2'000};

bool is_api_name(const std::string& name) {
  return !name.empty() && name.size() <= 63 && !(name[0] >= '0' && name[0] <= '9') &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
}

void allow(const ServerRequest& request, std::initializer_list<std::string_view> methods) {
  if (std::find(methods.begin(), methods.end(), request.method) != methods.end()) return;
  std::string allowed;
  for (const auto method : methods) allowed += (allowed.empty() ? "" : ", ") + std::string(method);
  ApiError error{
      405, "PGRST117", "Unsupported HTTP method: " + request.method, {}, "allowed: " + allowed, {}};
  error.headers.emplace_back("Allow", allowed);
  throw Refusal(std::move(error));
}

const char* content_type(const AnswerShape& shape) {
  switch (shape.format) {
    case Format::kArray:
      return shape.strip_nulls ? "application/vnd.pgrst.array+json;nulls=stripped; charset=utf-8"
                               : "application/json; charset=utf-8";
    case Format::kObject:
      return shape.strip_nulls ? "application/vnd.pgrst.object+json;nulls=stripped; charset=utf-8"
                               : "application/vnd.pgrst.object+json; charset=utf-8";
    case Format::kCsv:
      return "text/csv; charset=utf-8";
    case Format::kLines:
      return "application/x-ndjson; charset=utf-8";
  }
  return "application/json; charset=utf-8";
}

/// Lucene bounds the automaton that a pattern becomes; only it knows what is too much.
void check_pattern(const HttpResponse& answer) {
  if (answer.status != 400 && answer.status != 500) return;
  for (const char* sign : {"TooComplexToDeterminize", "Determinizing automaton", "is too complex"}) {
    if (answer.body.find(sign) == std::string::npos) continue;
    throw Refusal(400, "54001", "a pattern of the request is too complex", {},
                  "use fewer wildcards before single characters, and smaller repetitions");
  }
}

Refusal no_such_api(const std::string& path) {
  return Refusal(
      404, "PGRST205", "Could not find the API '" + path + "'", {},
      "see the view daas.served_api, or create it: SELECT daas.create_api('" + path + "', …)");
}

}  // namespace

/// What a read needs to be planned, and planned again when the collection was switched meanwhile.
struct ReadService::Read {
  std::string path;
  ApiRequest request;
  Claims claims;
  bool authenticated = false;
  std::chrono::steady_clock::time_point deadline{};  ///< of a read that asks for a position
};

ReadService::ReadService(Settings settings, CatalogWatcher& catalog, const TokenAuthority& tokens,
                         LoginDesk& logins, KeyRing* keys)
    : settings_(std::move(settings)),
      catalog_(catalog),
      tokens_(tokens),
      logins_(logins),
      keys_(keys),
      seal_(settings_.cursor_secret),
      origins_(settings_.origins),
      waits_(settings_.pg_conninfo, settings_.solr),
      workers_(std::max(1, settings_.threads), kMostReads,
               [this] { return std::make_unique<SolrQuery>(settings_.solr, &abort_); }) {
  if (settings_.requests_per_account > 0) account_limit_.emplace(settings_.requests_per_account);
}

void ReadService::stop() {
  abort_ = true;
  waits_.stop();
  workers_.stop();
}

std::string ReadService::route(const std::string& target) const {
  const auto path = target.substr(0, target.find('?'));
  if (path == kHealth || LoginDesk::has(path)) return path;
  const auto catalog = catalog_.current();
  const Api* const api = catalog && !path.empty() ? catalog->find(path.substr(1)) : nullptr;
  return api ? "/" + api->path : "other";
}

void ReadService::handle(ServerRequest request, HttpServer::Reply plain_reply) {
  // What a page of another origin is told of a refusal, it must be able to read, too.
  const HttpServer::Reply reply = [this, origin = request.origin, plain_reply](ServerResponse response) {
    origins_.open(response, origin);
    plain_reply(std::move(response));
  };
  if (request.method == "OPTIONS" && !request.origin.empty()) return plain_reply(origins_.preflight(request.origin));
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

void ReadService::admit(const ServerRequest& request) {
  if (!account_limit_ || request.authorization.empty()) return;
  const auto path = request.target.substr(0, request.target.find('?'));
  if (path == kHealth || LoginDesk::has(path)) return;
  if (const auto token = bearer_token(request.authorization)) {
    account_limit_->admit(tokens_.verify(*token, TokenAuthority::Clock::now()), RateLimit::Clock::now());
  }
}

void ReadService::route_to(const ServerRequest& request, const HttpServer::Reply& reply) {
  const auto path = request.target.substr(0, request.target.find('?'));
  if (path == kHealth) {
    allow(request, {"GET", "HEAD"});
    reply({200, {}, R"({"status":"ok"})"});
  } else if (LoginDesk::has(path)) {
    allow(request, {"POST"});
    logins_.handle(path, request, reply);
  } else {
    read(request, [if_none_match = request.if_none_match, accept_encoding = request.accept_encoding, reply](ServerResponse response) {
      represent(response, if_none_match, accept_encoding);
      reply(std::move(response));
    });
  }
}

void ReadService::read(const ServerRequest& request, HttpServer::Reply reply) {
  const auto target = parse_target(request.target);
  if (target.segments.size() != 1 || !is_api_name(target.segments[0])) {
    throw Refusal(404, "PGRST125", "Invalid path specified in request URL", {},
                  "GET /API?column=eq.value");
  }
  const auto catalog = catalog_.current();
  if (!catalog)
    throw unavailable("the APIs are not known yet",
                      "the database has not been reached since the start");
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
  allow(request, {"GET", "HEAD"});
  // The types of scope columns are those of the live generation.
  if (!api->collection.empty()) check_scope(*api, read.claims);
  read.request = parse_read(target, {request.prefer, request.accept, request.accept_profile, request.min_position,
                                      request.method == "GET" ? request.range : std::string()},
                            api->path, api->filters, api->fields);
  plan(read);  // refused here, a bad request costs no worker

  if (read.request.min_position) {
    auto longest = settings_.position_wait;
    if (read.request.wait) longest = std::min<std::chrono::milliseconds>(longest, *read.request.wait);
    read.deadline = std::chrono::steady_clock::now() + longest;
  }
  if (!run(std::make_shared<const Read>(std::move(read)), std::move(reply))) {
    throw unavailable("too many requests are waiting");
  }
}

bool ReadService::run(std::shared_ptr<const Read> read, HttpServer::Reply reply) {
  return workers_.try_run([this, read = std::move(read), reply = std::move(reply)](SolrQuery& solr) {
    const LogField field("api", read->path);
    try {
      ReadPlan planned;
      auto response = search(solr, *read, planned);
      if (response) return reply(*std::move(response));
      wait(read, planned, reply);
    } catch (const Refusal& refusal) {
      reply(error_response(refusal.error()));
    } catch (const std::exception& error) {
      spdlog::error("serve: GET /{} failed: {}", read->path, log_text(error));
      reply(error_response({500, "XX000", "internal error", {}, {}, {}}));
    }
  });
}

void ReadService::wait(std::shared_ptr<const Read> read, const ReadPlan& planned,
                       HttpServer::Reply reply) {
  const auto position = *read->request.min_position;
  const Refusal late(504, "PGRST003", "position " + to_text(position) + " is not visible yet", {},
                     "try again, or see SELECT * FROM daas.status()");
  // A replica may be ahead of the one that searches: that too goes on no longer than was said.
  if (std::chrono::steady_clock::now() >= read->deadline) throw late;
  const auto done = [this, read, reply, late](bool reached) {
    if (!reached) return reply(error_response(late.error()));
    if (!run(read, reply)) reply(error_response(unavailable("too many requests are waiting").error()));
  };
  if (!waits_.wait(planned.model, planned.solr.collection, position, read->deadline, done)) {
    throw unavailable("too many requests are waiting");
  }
}

ReadPlan ReadService::plan(const Read& read) const {
  const auto catalog = catalog_.current();
  const Api* api = catalog->find(read.path);
  if (api == nullptr) throw no_such_api(read.path);
  // The catalog may have changed since the token was asked for.
  if (!read.authenticated && (!api->is_public || !api->scope.empty())) throw token_missing();
  if (api->collection.empty()) {
    throw unavailable("the API " + api->path + " is not loaded yet",
                      "its first load is not done; see SELECT * FROM daas.status()");
  }
  auto plan = plan_read(read.request, *api, read.claims, settings_.time_allowed);
  if (plan.by_cursor) seal_.open(plan, *read.request.cursor);
  return plan;
}

std::optional<ServerResponse> ReadService::search(SolrQuery& solr, const Read& read,
                                                  ReadPlan& planned) {
  const auto time_limit = settings_.time_allowed + std::chrono::milliseconds(2'000);
  planned = plan(read);
  HttpResponse answer;
  try {
    answer = solr.search(planned.solr.collection, planned.solr.parameters, time_limit);
    if (answer.status == 404 && catalog_.refresh(kRefreshWait)) {
      // The generation was switched and the old collection is gone.
      planned = plan(read);
      answer = solr.search(planned.solr.collection, planned.solr.parameters, time_limit);
    }
  } catch (const Error& error) {
    spdlog::warn("serve: GET /{}: {}", read.path, error.log_text());
    throw unavailable("the search engine does not answer");
  }
  check_pattern(answer);
  if (answer.status == 404 || answer.status == 429 || answer.status >= 500) {
    spdlog::warn("serve: GET /{}: Solr answered {} for {}", read.path, answer.status,
                 planned.solr.collection);
    throw unavailable("the search engine is not ready",
                      "it answered with status " + std::to_string(answer.status));
  }
  if (answer.status != 200) {
    // The plan sends nothing that Solr may refuse: a defect of the daemon or a foreign configset.
    spdlog::error(
        "serve: GET /{}: Solr answered {} for {}; its words may quote values and are in its own log",
        read.path, answer.status, planned.solr.collection);
    throw Refusal(500, "XX000", "the search engine refused the query",
                  "it answered with status " + std::to_string(answer.status),
                  "see the daemon's log");
  }

  auto rows = answer_read(std::move(answer.body), planned.shape);
  if (const auto wanted = read.request.min_position; wanted && !(rows.position && *rows.position > *wanted)) {
    return std::nullopt;
  }
  ServerResponse response;
  // The last position whose holder is served: whoever asks for it again need not wait.
  if (rows.position) response.headers.emplace_back("Daas-Position", to_text(*rows.position - 1));
  response.status = rows.status;
  response.body = std::move(rows.body);
  response.headers.emplace_back("Content-Range", rows.content_range);
  response.headers.emplace_back("Content-Type", content_type(planned.shape));
  if (planned.by_cursor) {
    if (auto cursor = seal_.seal(planned, rows.next); !cursor.empty()) {
      response.headers.emplace_back("Daas-Cursor", std::move(cursor));
    }
  }
  if (planned.shape.count) response.headers.emplace_back("Preference-Applied", "count=exact");
  return response;
}

}  // namespace daas
