#include "serve/http_server.hpp"

#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>

#include "core/error.hpp"

namespace daas {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::uint32_t kLongestHeader = 16 * 1024;
constexpr std::uint64_t kLongestBody = 64 * 1024;
constexpr std::size_t kLongestTarget = 8 * 1024;

/// Half of the file descriptors that this process may have: the rest is for Solr and PostgreSQL.
std::size_t most_connections() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return 4096;
  return std::min<std::size_t>(limit.rlim_cur / 2, 4096);
}

tcp::endpoint resolve(asio::io_context& context, const std::string& listen) {
  const auto colon = listen.rfind(':');
  auto host = listen.substr(0, colon == std::string::npos ? 0 : colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto port = colon == std::string::npos ? std::string() : listen.substr(colon + 1);
  error_code error;
  tcp::resolver resolver(context);
  const bool digits = !port.empty() && port.find_first_not_of("0123456789") == std::string::npos;
  if (host.empty() || !digits || port.size() > 5 || std::stoul(port) > 65535) {
    throw Error(Remedy::kStop, "not an address to listen on: \"" + listen + "\"",
                "write HOST:PORT, as 127.0.0.1:8080");
  }
  const auto found = resolver.resolve(host, port, tcp::resolver::passive, error);
  if (error || found.empty()) {
    throw Error(Remedy::kStop, "can't listen on " + listen + ": " + error.message());
  }
  return found.begin()->endpoint();
}

}  // namespace

ServerResponse error_response(const ApiError& error) {
  ServerResponse response;
  response.status = error.status;
  response.headers = error.headers;
  response.body = error_body(error);
  return response;
}

/// Everything that connections share. Outlives the last of them.
class HttpServer::Core : public std::enable_shared_from_this<Core> {
 public:
  class Session;

  Core(Settings settings, Handler handler)
      : settings_(std::move(settings)),
        handler_(std::move(handler)),
        acceptor_(asio::make_strand(context_)),
        pause_(acceptor_.get_executor()) {}

  void start();
  void stop(std::chrono::milliseconds grace);
  std::uint16_t port() const { return port_; }
  bool draining() const { return draining_.load(); }
  std::chrono::seconds idle_timeout() const { return settings_.idle_timeout; }
  const Handler& handler() const { return handler_; }
  void forget(Session* session);
  /// True when nothing runs any more: an answer that comes now goes nowhere.
  bool closed() const { return closed_.load(); }

 private:
  std::vector<std::shared_ptr<Session>> sessions();
  void accept();
  void accepted(error_code error, tcp::socket socket);

  Settings settings_;
  Handler handler_;
  asio::io_context context_;
  // A request that waits for its answer is no work of the context's: without this the threads would
  // end under it once the listener is closed.
  asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  std::uint16_t port_ = 0;
  std::atomic<bool> draining_{false};
  std::atomic<bool> closed_{false};
  const std::size_t most_connections_ = most_connections();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::unordered_map<Session*, std::weak_ptr<Session>> sessions_;
  bool stopped_ = false;
  std::vector<std::thread> threads_;
};

/// One connection: reads a request, hands it on, writes the answer, again. All members are touched
/// on the connection's strand only.
class HttpServer::Core::Session : public std::enable_shared_from_this<Session> {
 public:
  Session(std::shared_ptr<Core> core, tcp::socket socket)
      : core_(std::move(core)), stream_(std::move(socket)) {
    error_code gone;
    const auto end = stream_.socket().remote_endpoint(gone);
    if (!gone) peer_ = end.address().to_string();
  }
  ~Session() { core_->forget(this); }

  void start() {
    asio::dispatch(stream_.get_executor(), [self = shared_from_this()] { self->read(); });
  }
  /// Closes the connection now if no request is under way; else the answer will be its last.
  void drain() {
    asio::post(stream_.get_executor(), [self = shared_from_this()] {
      if (!self->busy_) self->close();
    });
  }
  void abandon() {
    asio::post(stream_.get_executor(), [self = shared_from_this()] { self->close(); });
  }

 private:
  void read() {
    if (core_->draining()) return close();
    parser_.emplace();
    parser_->header_limit(kLongestHeader);
    parser_->body_limit(kLongestBody);
    stream_.expires_after(
        core_->idle_timeout());  // for the whole request: a slow sender gains nothing
    http::async_read(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](error_code error, std::size_t) { self->has_read(error); });
  }

  void has_read(error_code error) {
    if (error) {
      if (error == http::error::header_limit)
        return refuse({431, "PGRST100", "the request's header is over 16 KB", {}, {}, {}});
      if (error == http::error::body_limit)
        return refuse({413, "PGRST100", "the request's body is over 64 KB", {}, {}, {}});
      const bool malformed =
          error.category() == make_error_code(http::error::bad_target).category() &&
          error != http::error::end_of_stream && error != http::error::partial_message;
      if (malformed)
        return refuse({400, "PGRST100", "not an HTTP request", error.message(), {}, {}});
      return close();
    }
    busy_ = true;
    auto message = parser_->release();
    parser_.reset();
    head_ = message.method() == http::verb::head;
    keep_alive_ = message.keep_alive() && !core_->draining();
    if (message.target().size() > kLongestTarget) {
      return refuse({414,
                     "PGRST100",
                     "the request's URL is over 8 KB",
                     {},
                     "send fewer or shorter filters",
                     {}});
    }
    if (message.count(http::field::authorization) > 1) {
      return refuse({400, "PGRST100", "the request has two Authorization headers", {}, {}, {}});
    }
    const auto header = [&](beast::string_view name) { return std::string(message[name]); };
    ServerRequest request{std::string(message.method_string()),
                          std::string(message.target()),
                          header("authorization"),
                          header("prefer"),
                          header("accept"),
                          header("accept-profile"),
                          header("daas-min-position"),
                          header("range"),
                          header("if-none-match"),
                          header("accept-encoding"),
                          header("origin"),
                          std::move(message.body())};
    request.peer = peer_;
    for (auto [at, end] = message.equal_range("x-forwarded-for"); at != end; ++at) {
      request.forwarded_for += (request.forwarded_for.empty() ? "" : ",") + std::string(at->value());
    }
    for (auto [at, end] = message.equal_range("prefer"); at != end; ++at) {
      if (std::string_view(at->value()) != request.prefer)
        request.prefer += "," + std::string(at->value());
    }
    try {
      core_->handler()(std::move(request), [self = shared_from_this()](ServerResponse response) {
        if (self->core_->closed()) return;
        asio::post(self->stream_.get_executor(), [self, response = std::move(response)]() mutable {
          self->write(std::move(response));
        });
      });
    } catch (const Refusal& refusal) {
      write(error_response(refusal.error()));
    } catch (const std::exception& failure) {
      spdlog::error("serve: a request failed: {}", log_text(failure));
      write(error_response({500, "XX000", "internal error", {}, {}, {}}));
    }
  }

  void refuse(ApiError error) {
    keep_alive_ = false;
    write(error_response(error));
  }

  void write(ServerResponse response) {
    busy_ = true;
    body_ = std::move(response.body);
    response_.emplace();
    response_->version(11);
    response_->result(response.status);
    response_->set(http::field::server, "daas");
    response_->set(http::field::content_type, "application/json; charset=utf-8");
    for (const auto& [name, value] : response.headers) {
      if (name == "Vary") {
        response_->insert(name, value);
      } else {
        response_->set(name, value);
      }
    }
    // Neither has a body, and what a 304 is of is the client's already.
    const bool bodiless = response.status == 204 || response.status == 304;
    if (bodiless) response_->erase(http::field::content_type);
    response_->keep_alive(keep_alive_ && !core_->draining());
    if (!bodiless) response_->content_length(body_.size());
    response_->body() = head_ ? asio::const_buffer() : asio::buffer(body_);
    serializer_.emplace(*response_);
    stream_.expires_after(core_->idle_timeout());
    // The header says the length of the body that a GET would have: write it apart for a HEAD.
    const auto done = [self = shared_from_this()](error_code error, std::size_t) {
      self->has_written(error);
    };
    if (head_) {
      http::async_write_header(stream_, *serializer_, done);
    } else {
      http::async_write(stream_, *serializer_, done);
    }
  }

  void has_written(error_code error) {
    busy_ = false;
    const bool again = !error && response_->keep_alive();
    serializer_.reset();
    response_.reset();
    if (again) return read();
    close();
  }

  void close() {
    error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    stream_.close();
    core_->forget(this);  // whoever still holds the reply must not hold up the end
  }

  /// A body that is a view of `body_`.
  struct BufferBody {
    using value_type = asio::const_buffer;
    class writer {
     public:
      using const_buffers_type = asio::const_buffer;
      template <bool isRequest, class Fields>
      writer(const http::header<isRequest, Fields>&, const value_type& body) : body_(body) {}
      void init(error_code& error) { error = {}; }
      boost::optional<std::pair<const_buffers_type, bool>> get(error_code& error) {
        error = {};
        return {{body_, false}};
      }

     private:
      value_type body_;
    };
  };

  std::shared_ptr<Core> core_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_{kLongestHeader + kLongestBody};
  std::optional<http::request_parser<http::string_body>> parser_;
  std::string body_;
  std::optional<http::response<BufferBody>> response_;
  std::optional<http::response_serializer<BufferBody>> serializer_;
  std::string peer_;
  bool busy_ = false;
  bool keep_alive_ = false;
  bool head_ = false;
};

void HttpServer::Core::start() {
  const auto endpoint = resolve(context_, settings_.listen);
  try {
    acceptor_.open(endpoint.protocol());
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    acceptor_.bind(endpoint);
    acceptor_.listen();
  } catch (const boost::system::system_error& error) {
    throw Error(Remedy::kStop,
                "can't listen on " + settings_.listen + ": " + error.code().message(),
                "is another daas-indexer running? choose another port");
  }
  port_ = acceptor_.local_endpoint().port();
  asio::dispatch(acceptor_.get_executor(), [self = shared_from_this()] { self->accept(); });
  for (int i = 0; i < std::max(1, settings_.threads); ++i) {
    threads_.emplace_back([this] {
      while (true) {
        try {
          context_.run();
          return;
        } catch (const std::exception& error) {
          spdlog::error("serve: a connection failed: {}", log_text(error));
        }
      }
    });
  }
}

void HttpServer::Core::accept() {
  acceptor_.async_accept(asio::make_strand(context_),
                         [self = shared_from_this()](error_code error, tcp::socket socket) {
                           self->accepted(error, std::move(socket));
                         });
}

void HttpServer::Core::accepted(error_code error, tcp::socket socket) {
  if (draining_) return;
  if (error) {
    // Out of descriptors: accepting at once would spin.
    spdlog::warn("serve: can't accept a connection: {}", error.message());
    pause_.expires_after(std::chrono::milliseconds(100));
    pause_.async_wait([self = shared_from_this()](error_code stopped) {
      if (!stopped) self->accept();
    });
    return;
  }
  {
    std::unique_lock lock(mutex_);
    if (sessions_.size() < most_connections_) {
      auto session = std::make_shared<Session>(shared_from_this(), std::move(socket));
      sessions_.emplace(session.get(), session);
      lock.unlock();
      session->start();
    }
  }
  accept();
}

void HttpServer::Core::forget(Session* session) {
  const std::lock_guard lock(mutex_);
  sessions_.erase(session);
  changed_.notify_all();
}

void HttpServer::Core::stop(std::chrono::milliseconds grace) {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    stopped_ = true;
  }
  draining_ = true;
  asio::post(acceptor_.get_executor(), [self = shared_from_this()] {
    error_code ignored;
    self->acceptor_.close(ignored);
    self->pause_.cancel();
  });
  for (const auto& session : sessions()) session->drain();
  {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, grace, [this] { return sessions_.empty(); });
  }
  context_.stop();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
  closed_ = true;
  // Pending operations own their connection, and connections own this: end them here, or neither
  // would ever be freed.
  for (const auto& session : sessions()) session->abandon();
  context_.restart();
  context_.poll();
}

std::vector<std::shared_ptr<HttpServer::Core::Session>> HttpServer::Core::sessions() {
  std::vector<std::shared_ptr<Session>> alive;
  const std::lock_guard lock(mutex_);
  for (const auto& [raw, weak] : sessions_) {
    if (auto session = weak.lock()) alive.push_back(std::move(session));
  }
  return alive;
}

HttpServer::HttpServer(Settings settings, Handler handler)
    : core_(std::make_shared<Core>(std::move(settings), std::move(handler))) {}
HttpServer::~HttpServer() {
  stop(std::chrono::milliseconds(0));
}
void HttpServer::start() {
  core_->start();
}
void HttpServer::stop(std::chrono::milliseconds grace) {
  core_->stop(grace);
}
std::uint16_t HttpServer::port() const {
  return core_->port();
}

}  // namespace daas
