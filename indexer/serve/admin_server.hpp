// The admin listener: GET /readyz and GET /metrics, of the roles that run.
#pragma once

#include <prometheus/metric_family.h>

#include <functional>
#include <string>
#include <vector>

#include "serve/http_server.hpp"

namespace daas {

struct Readiness {
  bool ready = false;
  std::string reason;  ///< one sentence when not ready
};

class AdminServer {
 public:
  using Metrics = std::function<std::vector<prometheus::MetricFamily>()>;

  /// @param probe called for each GET /readyz on the listener's own thread; may block for seconds
  /// @param metrics called for each GET /metrics
  AdminServer(const std::string& listen, std::function<Readiness()> probe, Metrics metrics);

  /// @throws Error when the address can't be had
  void start() { server_.start(); }
  void stop() { server_.stop(std::chrono::seconds(2)); }
  std::uint16_t port() const { return server_.port(); }

 private:
  void handle(const ServerRequest& request, const HttpServer::Reply& reply);

  std::function<Readiness()> probe_;
  Metrics metrics_;
  HttpServer server_;
};

}  // namespace daas
