// The admin listener: GET /readyz. Serves either role; the index role alone starts it, too.
#pragma once

#include <functional>
#include <string>

#include "serve/http_server.hpp"

namespace daas {

struct Readiness {
  bool ready = false;
  std::string reason;  ///< one sentence when not ready
};

class AdminServer {
 public:
  /// @param probe called for each GET /readyz on the listener's own thread; may block for seconds
  AdminServer(const std::string& listen, std::function<Readiness()> probe);

  /// @throws Error when the address can't be had
  void start() { server_.start(); }
  void stop() { server_.stop(std::chrono::seconds(2)); }
  std::uint16_t port() const { return server_.port(); }

 private:
  std::function<Readiness()> probe_;
  HttpServer server_;
};

}  // namespace daas
