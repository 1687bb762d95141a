// One connection of the HTTP server: reads a request, hands it on, writes the answer, again.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "serve/event_loops.hpp"
#include "serve/http_message.hpp"

namespace daas {

/// Lives on the event loop of its socket.
class HttpSession {
 public:
  virtual ~HttpSession() = default;
  virtual void start() = 0;
  /// Closes the connection now if no request is under way; else the answer will be its last.
  virtual void drain() = 0;
  /// Closes it whatever is under way.
  virtual void abandon() = 0;
};

/// What a session needs of its server, which outlives it. Thread-safe.
class SessionHost {
 public:
  virtual ~SessionHost() = default;
  /// The end has begun: a connection takes no further request.
  virtual bool draining() const = 0;
  /// Nothing runs any more: an answer that comes now goes nowhere.
  virtual bool closed() const = 0;
  /// Whether a body over 64 KB may follow this header.
  virtual bool admits(const ServerRequest& head) const = 0;
  virtual std::chrono::seconds idle_timeout() const = 0;
  virtual std::uint64_t max_body() const = 0;
  /// A place for a body over 64 KB, of which there are few: what everybody may send is held in memory.
  virtual bool take_place() = 0;
  virtual void give_place() = 0;
  virtual void handle(ServerRequest request, std::function<void(ServerResponse)> reply) = 0;
  virtual void forget(HttpSession* session) = 0;
};

/// @param tls of a server that speaks TLS, else null
std::shared_ptr<HttpSession> open_session(std::shared_ptr<SessionHost> host, LoopSocket socket,
                                          std::shared_ptr<boost::asio::ssl::context> tls);

}  // namespace daas
