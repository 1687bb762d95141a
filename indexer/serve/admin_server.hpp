// The admin listener: GET /readyz, GET /metrics and GET /status, of the roles that run.
#pragma once

#include <prometheus/metric_family.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "serve/http_server.hpp"
#include "serve/worker_pool.hpp"

namespace daas {

struct Readiness {
  bool ready = false;
  std::string reason;  ///< one sentence when not ready
};

class AdminServer {
 public:
  using Metrics = std::function<std::vector<prometheus::MetricFamily>()>;
  /// The status as JSON; nothing when there is no model `exact` (empty: none is asked for).
  using Status = std::function<std::optional<std::string>(const std::string& exact)>;

  /// @param probe called for each GET /readyz on the listener's own thread; may block for seconds
  /// @param metrics called for each GET /metrics
  /// @param status called for each GET /status on a thread of its own; may take long. Empty: the
  ///   role that knows it runs elsewhere
  AdminServer(const std::string& listen, std::function<Readiness()> probe, Metrics metrics,
              Status status = {});

  /// @throws Error when the address can't be had
  void start() { server_.start(); }
  void stop();
  std::uint16_t port() const { return server_.port(); }

 private:
  void handle(const ServerRequest& request, const HttpServer::Reply& reply);
  void reply_status(const ServerRequest& request, const HttpServer::Reply& reply);

  std::function<Readiness()> probe_;
  Metrics metrics_;
  WorkerPool<Status> statuses_;  ///< slow ones must not hold up a probe
  EventLoops loop_{1};
  HttpServer server_;
};

}  // namespace daas
