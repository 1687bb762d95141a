#include "serve/admin_server.hpp"

#include <prometheus/text_serializer.h>

#include <nlohmann/json.hpp>
#include <utility>

namespace daas {
namespace {

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
                         Metrics metrics)
    : probe_(std::move(probe)),
      metrics_(std::move(metrics)),
      server_({listen, 1, std::chrono::seconds(30)},
              [this](const ServerRequest& request, const HttpServer::Reply& reply) {
                handle(request, reply);
              }) {}

void AdminServer::handle(const ServerRequest& request, const HttpServer::Reply& reply) {
  const auto path = request.target.substr(0, request.target.find('?'));
  if (path != "/readyz" && path != "/metrics") {
    throw Refusal(404, "PGRST125", "Invalid path specified in request URL", {},
                  "GET /readyz, GET /metrics");
  }
  if (request.method != "GET" && request.method != "HEAD") {
    ApiError error{405, "PGRST117", "Unsupported HTTP method: " + request.method, {}, {}, {}};
    error.headers.emplace_back("Allow", "GET, HEAD");
    throw Refusal(std::move(error));
  }
  if (path == "/readyz") return reply(readyz(probe_()));
  reply({200,
         {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}},
         prometheus::TextSerializer().Serialize(metrics_())});
}

}  // namespace daas
