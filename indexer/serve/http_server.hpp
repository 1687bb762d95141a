// An HTTP/1.1 server: connections, limits, keep-alive and an orderly end. Knows no route.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "serve/refusal.hpp"

namespace daas {

struct ServerRequest {
  std::string method;
  std::string target;
  std::string authorization;
  std::string prefer;
  std::string accept;
  std::string accept_profile;
  std::string min_position;  ///< Daas-Min-Position
  std::string range;
  std::string if_none_match;
  std::string accept_encoding;
  std::string origin;
  std::string body;
  std::string peer{};           ///< address of the connection's other end, without the port
  std::string forwarded_for{};  ///< X-Forwarded-For, its lines joined by commas: what proxies and strangers say
};

struct ServerResponse {
  unsigned status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

/// The response of an error: JSON body, status, headers.
ServerResponse error_response(const ApiError& error);

class HttpServer {
 public:
  /// Call it once, on any thread. Dropped unused, it closes the connection.
  using Reply = std::function<void(ServerResponse)>;
  /// Called on one of the server's threads: must not block for long. May throw Refusal; any other
  /// exception becomes a 500.
  using Handler = std::function<void(ServerRequest, Reply)>;

  struct Settings {
    std::string listen;  ///< host:port, [v6]:port; port 0: any free one
    int threads = 1;
    std::chrono::seconds idle_timeout{30};
  };

  HttpServer(Settings settings, Handler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// Binds and begins to answer. @throws Error when the address can't be had
  void start();
  /// Takes no new connection, lets requests under way end for `grace`, then closes. Idempotent.
  void stop(std::chrono::milliseconds grace = std::chrono::seconds(10));
  /// The bound port, after start().
  std::uint16_t port() const;

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

}  // namespace daas
