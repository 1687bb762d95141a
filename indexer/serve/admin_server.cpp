#include "serve/admin_server.hpp"

#include <prometheus/text_serializer.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "core/error.hpp"

namespace daas {
namespace {

constexpr std::size_t kWaitingStatuses = 4;

ServerResponse readyz(const Readiness& readiness) {
  nlohmann::ordered_json body;
  body["ready"] = readiness.ready;
  if (!readiness.ready) body["reason"] = readiness.reason;
  ServerResponse response;
  response.status = readiness.ready ? 200 : 503;
  response.body = body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  if (!readiness.ready) response.headers.emplace_back("Retry-After", "1");
  return response;
}

}  // namespace

AdminServer::AdminServer(const std::string& listen, std::function<Readiness()> probe,
                         Metrics metrics, Status status)
    : probe_(std::move(probe)),
      metrics_(std::move(metrics)),
      statuses_(1, kWaitingStatuses, [&] { return std::make_unique<Status>(status); }),
      server_({listen, std::chrono::seconds(30)}, loop_,
              [this](const ServerRequest& request, const HttpServer::Reply& reply) {
                handle(request, reply);
              }) {}

void AdminServer::stop() {
  server_.stop(std::chrono::seconds(2));
  statuses_.stop();
}

void AdminServer::reply_status(const ServerRequest& request, const HttpServer::Reply& reply) {
  std::string exact;
  if (const auto query = request.target.find('?'); query != std::string::npos) {
    const auto parameter = request.target.substr(query + 1);
    if (!parameter.starts_with("exact=") || parameter.size() == 6) {
      throw Refusal(400, "PGRST100", "Unknown parameter", {}, "GET /status?exact=MODEL");
    }
    exact = parameter.substr(6);
  }
  const bool taken = statuses_.try_run([reply, exact](Status& status) {
    if (!status) {
      return reply(error_response({404, "PGRST125", "This daemon does not index", {},
                                   "Ask the one that has the role index.", {}}));
    }
    try {
      if (auto page = status(exact)) {
        return reply({200, {{"Content-Type", "application/json; charset=utf-8"}}, std::move(*page)});
      }
      reply(error_response({404, "42704", "There is no such model", {}, {}, {}}));
    } catch (const Error& error) {
      reply(error_response({503, "PGRST001", error.log_text(), {}, error.hint(), {}}));
    } catch (const std::exception& error) {
      reply(error_response({500, "XX000", log_text(error), {}, {}, {}}));
    }
  });
  if (!taken) throw Refusal(503, "PGRST003", "Others wait for the status already");
}

void AdminServer::handle(const ServerRequest& request, const HttpServer::Reply& reply) {
  const auto path = request.target.substr(0, request.target.find('?'));
  if (path != "/readyz" && path != "/metrics" && path != "/status") {
    throw Refusal(404, "PGRST125", "Invalid path specified in request URL", {},
                  "GET /readyz, GET /metrics, GET /status");
  }
  if (request.method != "GET" && request.method != "HEAD") {
    ApiError error{405, "PGRST117", "Unsupported HTTP method: " + request.method, {}, {}, {}};
    error.headers.emplace_back("Allow", "GET, HEAD");
    throw Refusal(std::move(error));
  }
  if (path == "/readyz") return reply(readyz(probe_()));
  if (path == "/status") return reply_status(request, reply);
  reply({200,
         {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}},
         prometheus::TextSerializer().Serialize(metrics_())});
}

}  // namespace daas
