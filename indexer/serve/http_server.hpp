// An HTTP/1.1 server: connections, limits, keep-alive and an orderly end. Knows no route.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "serve/event_loops.hpp"
#include "serve/http_message.hpp"

namespace daas {

class HttpServer {
 public:
  /// Call it once, on any thread. Dropped unused, it closes the connection.
  using Reply = std::function<void(ServerResponse)>;
  /// Called on a thread of the loops: must not block. May throw Refusal; any other
  /// exception becomes a 500.
  using Handler = std::function<void(ServerRequest, Reply)>;

  struct Settings {
    std::string listen;  ///< host:port, [v6]:port; port 0: any free one
    std::chrono::seconds idle_timeout{30};
    /// PEM files of TLS, the certificate with its chain; read again when they change. Empty: plain HTTP.
    std::string tls_cert = {};
    std::string tls_key = {};
    std::uint64_t max_body = kSmallBody;  ///< bytes of a request's body
    /// Whether a body over 64 KB may follow a header, which is asked before it is read. Null: always.
    std::function<bool(const ServerRequest&)> admits = nullptr;
  };

  /// @param loops run what it does, are started and ended by it, and outlive it
  HttpServer(Settings settings, EventLoops& loops, Handler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// Binds and begins to answer. @throws Error when the address or the certificate can't be had
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
