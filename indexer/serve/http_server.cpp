#include "serve/http_server.hpp"

#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "core/error.hpp"
#include "serve/http_session.hpp"
#include "serve/tls_files.hpp"

namespace daas {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr int kLargeBodies = 64;

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

/// Everything that connections share. Outlives the last of them.
class HttpServer::Core : public SessionHost, public std::enable_shared_from_this<Core> {
 public:
  Core(Settings settings, EventLoops& loops, Handler handler)
      : settings_(std::move(settings)),
        loops_(loops),
        handler_(std::move(handler)),
        tls_(settings_.tls_cert.empty() ? nullptr : std::make_unique<TlsFiles>(settings_.tls_cert, settings_.tls_key)),
        acceptor_(loops.at(0)),
        pause_(loops.at(0)) {}

  void start();
  void stop(std::chrono::milliseconds grace);
  std::uint16_t port() const { return port_; }

  bool draining() const override { return draining_.load(); }
  bool closed() const override { return closed_.load(); }
  std::chrono::seconds idle_timeout() const override { return settings_.idle_timeout; }
  bool admits(const ServerRequest& head) const override { return !settings_.admits || settings_.admits(head); }
  std::uint64_t max_body() const override { return settings_.max_body; }
  bool take_place() override {
    if (places_.fetch_sub(1) > 0) return true;
    ++places_;
    return false;
  }
  void give_place() override { ++places_; }
  void handle(ServerRequest request, Reply reply) override { handler_(std::move(request), std::move(reply)); }
  void forget(HttpSession* session) override;

 private:
  std::vector<std::shared_ptr<HttpSession>> sessions();
  void accept();
  void accepted(error_code error, LoopSocket socket);

  Settings settings_;
  EventLoops& loops_;
  Handler handler_;
  const std::unique_ptr<TlsFiles> tls_;  ///< null without TLS
  // Both are the first loop's.
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  std::uint16_t port_ = 0;
  std::atomic<int> places_{kLargeBodies};
  std::atomic<bool> draining_{false};
  std::atomic<bool> closed_{false};
  const std::size_t most_connections_ = most_connections();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::unordered_map<HttpSession*, std::weak_ptr<HttpSession>> sessions_;
  bool stopped_ = false;
};

void HttpServer::Core::start() {
  const auto endpoint = resolve(loops_.at(0), settings_.listen);
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
  loops_.start();
}

void HttpServer::Core::accept() {
  acceptor_.async_accept(loops_.at(loops_.next()).get_executor(), [self = shared_from_this()](error_code error, LoopSocket socket) {
    self->accepted(error, std::move(socket));
  });
}

void HttpServer::Core::accepted(error_code error, LoopSocket socket) {
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
  try {
    std::unique_lock lock(mutex_);
    if (sessions_.size() < most_connections_) {
      auto session = open_session(shared_from_this(), std::move(socket), tls_ ? tls_->context() : nullptr);
      sessions_.emplace(session.get(), session);
      lock.unlock();
      session->start();
    }
  } catch (const std::exception& failure) {
    // One connection without memory must not be the last one.
    spdlog::error("serve: a connection can't be served: {}", log_text(failure));
  }
  accept();
}

void HttpServer::Core::forget(HttpSession* session) {
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
  loops_.stop();
  closed_ = true;
  // Pending operations own their connection, and connections own this: end them here, or neither
  // would ever be freed.
  for (const auto& session : sessions()) session->abandon();
  loops_.clear();
}

std::vector<std::shared_ptr<HttpSession>> HttpServer::Core::sessions() {
  std::vector<std::shared_ptr<HttpSession>> alive;
  const std::lock_guard lock(mutex_);
  for (const auto& [raw, weak] : sessions_) {
    if (auto session = weak.lock()) alive.push_back(std::move(session));
  }
  return alive;
}

HttpServer::HttpServer(Settings settings, EventLoops& loops, Handler handler)
    : core_(std::make_shared<Core>(std::move(settings), loops, std::move(handler))) {}
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
