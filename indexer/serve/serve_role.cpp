#include "serve/serve_role.hpp"

#include <algorithm>
#include <mutex>
#include <thread>

#include "serve/read_metrics.hpp"
#include "serve/read_service.hpp"
#include "solr/http.hpp"

namespace daas {

namespace {

constexpr std::size_t kMostLoops = 16;
/// The others work for Solr and PostgreSQL, on this machine or through its network. More loops than that wake up more often,
/// each for less: see docs/performance.md.
constexpr unsigned kCoresOfALoop = 2;

}  // namespace

// In the order in which the parts need each other; destroyed in the reverse one.
struct ServeRole::Parts {
  explicit Parts(ServeOptions given)
      : options(std::move(given)),
        keys(options.tokens.keys),
        tokens(options.tokens.own, &keys),
        catalog(options.pg_conninfo),
        logins({options.pg_conninfo, options.login_threads, options.tokens.session_life, options.tokens.proxies}, tokens),
        writes(catalog, options.pg_writer.empty() ? nullptr : std::make_unique<WriteDesk>(WriteDesk::Settings{
                            options.pg_writer, options.write_threads, options.write_timeout})),
        loops(std::clamp<std::size_t>(std::thread::hardware_concurrency() / kCoresOfALoop, 1, kMostLoops)),
        reads({{options.solr, options.searches, std::chrono::seconds(5), options.pg_conninfo, options.tokens.own.key,
                options.cache_bytes, options.cache_term},
               options.position_wait, options.origins, options.tokens.requests_per_account, options.version},
              catalog, tokens, logins, writes, loops, &keys),
        solr(options.solr, &stopping),
        server({options.listen, std::chrono::seconds(30), options.tls_cert, options.tls_key,
                options.pg_writer.empty() ? kSmallBody : std::max(kSmallBody, options.max_body),
                 [this](const ServerRequest& head) { return reads.admits(head); }},
               loops, [this](ServerRequest request, HttpServer::Reply reply) {
                 handle(std::move(request), std::move(reply));
               }) {}

  void handle(ServerRequest request, HttpServer::Reply reply);

  const ServeOptions options;
  KeyRing keys;
  const TokenAuthority tokens;
  CatalogWatcher catalog;
  LoginDesk logins;
  WriteService writes;
  EventLoops loops;
  ReadMetrics metrics;  ///< before all whose threads write it
  ReadService reads;
  std::atomic<bool> stopping{false};
  std::mutex solr_mutex;
  HttpConnection solr;  ///< of readiness()
  HttpServer server;
};

void ServeRole::Parts::handle(ServerRequest request, HttpServer::Reply reply) {
  const auto began = std::chrono::steady_clock::now();
  const auto observe = [this, began, route = reads.route(request.target)](unsigned status) {
    metrics.observe(route, status, std::chrono::steady_clock::now() - began);
  };
  try {
    reads.handle(std::move(request), [observe, reply](ServerResponse response) {
      observe(response.status);
      reply(std::move(response));
    });
  } catch (const Refusal& refusal) {
    observe(refusal.error().status);
    throw;
  } catch (const std::exception&) {
    observe(500);
    throw;
  }
}

ServeRole::ServeRole(ServeOptions options) : parts_(std::make_unique<Parts>(std::move(options))) {}

ServeRole::~ServeRole() {
  stop();
}

void ServeRole::start() {
  parts_->server.start();
}

void ServeRole::stop() {
  parts_->server.stop();
  parts_->stopping = true;
  parts_->keys.stop();
  parts_->logins.stop();
  parts_->reads.stop();
}

Readiness ServeRole::readiness() {
  if (!parts_->catalog.current())
    return {false, "the APIs are not known: " + parts_->catalog.trouble()};
  if (const auto trouble = parts_->keys.trouble(); !trouble.empty())
    return {false, "keys for tokens are not known: " + trouble};
  const std::lock_guard lock(parts_->solr_mutex);
  try {
    const auto answer =
        parts_->solr.get("/admin/info/system?wt=json", std::chrono::milliseconds(3'000));
    if (answer.status != 200)
      return {false, "Solr answered with status " + std::to_string(answer.status)};
  } catch (const Error& error) {
    return {false, error.what()};
  }
  return {true, {}};
}

std::vector<prometheus::MetricFamily> ServeRole::metrics() const {
  return parts_->metrics.collect();
}

std::uint16_t ServeRole::port() const {
  return parts_->server.port();
}

}  // namespace daas
