#include "serve/http_session.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/chunk_encode.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>
#include <type_traits>
#include <utility>

#include "core/error.hpp"
#include "serve/http_head.hpp"

namespace daas {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::uint32_t kLongestHeader = 16 * 1024;
constexpr std::size_t kLongestTarget = 8 * 1024;
constexpr std::size_t kSlowestReader = 32 * 1024;  ///< bytes a second; who takes less is cut off

constexpr std::size_t kOneRecord = 12 * 1024;  ///< of TLS, with the header

using Clock = std::chrono::steady_clock;
using TlsStream = asio::ssl::stream<LoopSocket>;

ServerRequest take_request(http::request<http::string_body>& message) {
  const auto header = [&](auto name) { return std::string(message[name]); };
  using http::field;
  ServerRequest request{std::string(message.method_string()),
                        std::string(message.target()),
                        header(field::authorization),
                        header(field::prefer),
                        header(field::accept),
                        header("accept-profile"),
                        header("daas-min-position"),
                        header(field::range),
                        header(field::if_none_match),
                        header(field::accept_encoding),
                        header(field::origin),
                        std::move(message.body()),
                        header(field::content_type),
                        header("content-profile")};
  for (auto [at, end] = message.equal_range("x-forwarded-for"); at != end; ++at) {
    request.forwarded_for += (request.forwarded_for.empty() ? "" : ",") + std::string(at->value());
  }
  for (auto [at, end] = message.equal_range(field::prefer); at != end; ++at) {
    if (std::string_view(at->value()) != request.prefer) request.prefer += "," + std::string(at->value());
  }
  return request;
}

/// All members are touched on the connection's loop only.
template <class Stream>
class StreamSession : public HttpSession, public std::enable_shared_from_this<StreamSession<Stream>> {
  static constexpr bool kTls = std::is_same_v<Stream, TlsStream>;

 public:
  template <class... Arguments>
  explicit StreamSession(std::shared_ptr<SessionHost> host, std::shared_ptr<asio::ssl::context> tls, Arguments&&... arguments)
      : host_(std::move(host)), tls_(std::move(tls)), stream_(std::forward<Arguments>(arguments)...), timer_(stream_.get_executor()) {
    error_code ignored;
    const auto end = stream_.lowest_layer().remote_endpoint(ignored);
    if (!ignored) peer_ = end.address().to_string();
    stream_.lowest_layer().set_option(tcp::no_delay(true), ignored);
  }
  ~StreamSession() override {
    give_place();
    host_->forget(this);
  }

  void start() override {
    asio::dispatch(stream_.get_executor(), [self = this->shared_from_this()] {
      if constexpr (kTls) {
        self->allow(self->host_->idle_timeout());
        self->stream_.async_handshake(asio::ssl::stream_base::server, [self](error_code error) {
          if (error) return self->cut();
          self->read();
        });
      } else {
        self->read();
      }
    });
  }
  void drain() override {
    asio::post(stream_.get_executor(), [self = this->shared_from_this()] {
      if (!self->busy_) self->cut();
    });
  }
  void abandon() override {
    asio::post(stream_.get_executor(), [self = this->shared_from_this()] { self->cut(); });
  }

 private:
  /// The connection is cut unless something else is allowed within this time. Nearly every time does not run out, so the
  /// timer is only set again when it has, or must earlier.
  void allow(Clock::duration time) {
    deadline_ = Clock::now() + time;
    if (!timing_ || deadline_ < timer_.expiry()) time_out();
  }
  void allow_any_time() { deadline_ = Clock::time_point::max(); }

  void time_out() {
    timing_ = true;
    timer_.expires_at(deadline_);
    timer_.async_wait([weak = this->weak_from_this()](error_code error) {
      const auto self = weak.lock();
      if (error || !self) return;  // set again, or the end
      self->timing_ = false;
      if (self->deadline_ <= Clock::now()) return self->cut();
      if (self->deadline_ != Clock::time_point::max()) self->time_out();
    });
  }

  void read() {
    if (host_->draining()) return close();
    parser_.emplace();
    head_ = chunks_ = false;  // of the request before, which a refusal must not be shaped by
    unread_ = true;
    parser_->header_limit(kLongestHeader);
    parser_->body_limit(host_->max_body());
    allow(host_->idle_timeout());  // for the whole request: a slow sender gains nothing
    http::async_read_header(stream_, buffer_, *parser_, [self = this->shared_from_this()](error_code error, std::size_t) {
      self->has_read_header(error);
    });
  }

  void has_read_header(error_code error) {
    if (closing_) return;  // cut while this was on its way
    if (error) return has_read(error);
    const auto length = parser_->content_length();
    if (length && *length > kSmallBody) {
      if (*length <= host_->max_body() && !host_->admits(take_request(parser_->get()))) {
        return refuse({413, "PGRST100", "a body over 64 KB is taken from who may write only", {}, "send the token of an account that may", {}});
      }
      if (!host_->take_place()) return refuse(unavailable("too many large bodies are being read").error());
      has_place_ = true;
    } else if (!length) {
      parser_->body_limit(kSmallBody);  // in chunks, without a word of how many
    }
    if (beast::iequals(parser_->get()[http::field::expect], "100-continue")) {
      static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      asio::async_write(stream_, asio::buffer(kContinue), [self = this->shared_from_this()](error_code failed, std::size_t) {
        if (failed) return self->cut();
        self->read_body();
      });
      return;
    }
    parser_->is_done() ? has_read({}) : read_body();
  }

  void read_body() {
    http::async_read(stream_, buffer_, *parser_, [self = this->shared_from_this()](error_code failed, std::size_t) {
      self->has_read(failed);
    });
  }

  void give_place() {
    if (std::exchange(has_place_, false)) host_->give_place();
  }

  void has_read(error_code error) {
    if (closing_) return;
    if (error) {
      if (error == http::error::header_limit)
        return refuse({431, "PGRST100", "the request's header is over 16 KB", {}, {}, {}});
      if (error == http::error::body_limit)
        return refuse({413, "PGRST100", "the request's body is over " + std::to_string(host_->max_body() / 1024) + " KB, or over 64 KB without a Content-Length", {}, {}, {}});
      const bool malformed = error.category() == make_error_code(http::error::bad_target).category() &&
                             error != http::error::end_of_stream && error != http::error::partial_message;
      if (malformed) return refuse({400, "PGRST100", "not an HTTP request", error.message(), {}, {}});
      return error == http::error::end_of_stream ? close() : cut();
    }
    busy_ = true;
    unread_ = false;
    auto message = parser_->release();
    parser_.reset();
    head_ = message.method() == http::verb::head;
    chunks_ = message.version() >= 11;
    keep_alive_ = message.keep_alive() && !host_->draining();
    if (message.target().size() > kLongestTarget) {
      return refuse({414, "PGRST100", "the request's URL is over 8 KB", {}, "send fewer or shorter filters", {}});
    }
    if (message.count(http::field::authorization) > 1) {
      return refuse({400, "PGRST100", "the request has two Authorization headers", {}, {}, {}});
    }
    allow_any_time();  // the handler has limits of its own
    auto request = take_request(message);
    request.peer = peer_;
    handling_ = true;
    try {
      host_->handle(std::move(request), [self = this->shared_from_this()](ServerResponse response) {
        if (self->host_->closed()) return;
        asio::dispatch(self->stream_.get_executor(),
                       [self, response = std::move(response)]() mutable { self->answer(std::move(response)); });
      });
    } catch (const Refusal& refusal) {
      at_once_ = error_response(refusal.error());
    } catch (const std::exception& failure) {
      spdlog::error("serve: a request failed: {}", log_text(failure));
      at_once_ = error_response({500, "XX000", "internal error", {}, {}, {}});
    }
    handling_ = false;
    if (at_once_) write(*std::exchange(at_once_, std::nullopt));
  }

  /// What comes while the handler runs is written when it has returned: it may still refuse.
  void answer(ServerResponse response) {
    if (!handling_) return write(std::move(response));
    at_once_ = std::move(response);
  }

  void refuse(ApiError error) {
    keep_alive_ = false;
    write(error_response(error));
  }

  void write(ServerResponse response) {
    busy_ = true;
    const bool in_pieces = response.more != nullptr;
    more_ = head_ ? nullptr : std::move(response.more);
    // Without chunks only the connection's end tells the body's.
    keep_alive_ = keep_alive_ && !host_->draining() && (!more_ || chunks_);
    BodyFraming framing{.bodiless = response.status == 204 || response.status == 304, .chunked = more_ && chunks_, .length = {}, .last = !keep_alive_};
    // Nobody knows how long the pieces of a HEAD's GET would be.
    if (!framing.bodiless && !in_pieces) framing.length = response.body.size();
    head_text_ = answer_head(response, framing);
    body_ = std::move(response.body);
    allow_time(body_.size());
    const auto self = this->shared_from_this();
    if (more_) {
      asio::async_write(stream_, asio::buffer(head_text_), [self](error_code error, std::size_t) {
        if (error || self->closing_) return self->cut();
        self->write_piece({std::move(self->body_)});
      });
      return;
    }
    // The header says the length of the body that a GET would have; a HEAD has none.
    if (head_ || framing.bodiless) body_.clear();
    const auto then = [self](error_code error, std::size_t) { self->has_written(error); };
    if (body_.size() <= kOneRecord) {  // in parts, TLS would send a record and a packet for each
      head_text_ += body_;
      asio::async_write(stream_, asio::buffer(head_text_), then);
    } else {
      asio::async_write(stream_, std::array{asio::buffer(head_text_), asio::buffer(body_)}, then);
    }
  }

  void write_piece(BodyPiece piece) {
    if (piece.broken) return cut();
    body_ = std::move(piece.bytes);
    allow_time(body_.size());
    const auto then = [self = this->shared_from_this(), last = piece.last](error_code error, std::size_t) {
      if (error || self->closing_) return self->cut();
      if (last) return self->end_pieces();
      self->ask_piece();
    };
    if (body_.empty()) return then({}, 0);  // as a chunk it would be the end
    if (chunks_) {
      asio::async_write(stream_, http::make_chunk(asio::buffer(body_)), then);
    } else {
      asio::async_write(stream_, asio::buffer(body_), then);
    }
  }

  void ask_piece() {
    allow_any_time();
    more_([self = this->shared_from_this()](BodyPiece next) {
      if (self->host_->closed()) return;
      asio::post(self->stream_.get_executor(), [self, next = std::move(next)]() mutable { self->write_piece(std::move(next)); });
    });
  }

  void end_pieces() {
    more_ = nullptr;
    if (!chunks_) return has_written({});
    asio::async_write(stream_, http::make_chunk_last(),
                      [self = this->shared_from_this()](error_code error, std::size_t) { self->has_written(error); });
  }

  void allow_time(std::size_t bytes) {
    allow(host_->idle_timeout() + std::chrono::seconds(bytes / kSlowestReader));
  }

  void has_written(error_code error) {
    busy_ = false;
    give_place();
    if (closing_) return;
    if (!error && keep_alive_) return read();
    error ? cut() : close();
  }

  /// Nothing is under way on the stream.
  void close() {
    if (closing_) return;
    if constexpr (kTls) {
      closing_ = true;
      host_->forget(this);
      allow(std::chrono::seconds(1));
      // Without TLS's own end the client must take the answer for cut off.
      stream_.async_shutdown([self = this->shared_from_this()](error_code) { self->end(); });
    } else {
      error_code ignored;
      stream_.shutdown(tcp::socket::shutdown_send, ignored);
      if (!unread_) return cut();
      // A close with bytes unread is a reset, which can overtake the answer that says what was wrong with them.
      allow(std::chrono::seconds(1));
      discard();
    }
  }

  void discard() {
    buffer_.clear();
    stream_.async_read_some(buffer_.prepare(kSmallBody), [self = this->shared_from_this()](error_code error, std::size_t) {
      error ? self->cut() : self->discard();
    });
  }

  /// At once, so that a body which is not whole can't be taken for one.
  void cut() {
    closing_ = true;
    host_->forget(this);  // whoever still holds the reply must not hold up the end
    error_code ignored;
    if (more_) stream_.lowest_layer().set_option(asio::socket_base::linger(true, 0), ignored);
    more_ = nullptr;
    end();
  }

  void end() {
    error_code ignored;
    stream_.lowest_layer().close(ignored);
    timer_.cancel();
  }

  std::shared_ptr<SessionHost> host_;
  std::shared_ptr<asio::ssl::context> tls_;
  Stream stream_;
  beast::flat_buffer buffer_{kLongestHeader + kSmallBody};
  std::optional<http::request_parser<http::string_body>> parser_;
  std::string peer_;
  std::string body_;
  decltype(ServerResponse::more) more_;
  asio::steady_timer timer_;
  bool timing_ = false;  ///< the timer runs
  Clock::time_point deadline_ = Clock::time_point::max();
  std::string head_text_;  ///< of the answer that is written
  std::optional<ServerResponse> at_once_;
  bool handling_ = false;
  bool busy_ = false;
  bool unread_ = false;  ///< of the request there may be more to come
  bool has_place_ = false;  ///< of a large body, until its answer is written
  bool closing_ = false;
  bool keep_alive_ = false;
  bool head_ = false;
  bool chunks_ = false;
};

}  // namespace

ServerResponse error_response(const ApiError& error) {
  ServerResponse response;
  response.status = error.status;
  response.headers = error.headers;
  response.body = error_body(error);
  return response;
}

std::shared_ptr<HttpSession> open_session(std::shared_ptr<SessionHost> host, LoopSocket socket,
                                          std::shared_ptr<asio::ssl::context> tls) {
  if (!tls) return std::make_shared<StreamSession<LoopSocket>>(std::move(host), nullptr, std::move(socket));
  auto& context = *tls;
  return std::make_shared<StreamSession<TlsStream>>(std::move(host), std::move(tls), std::move(socket), context);
}

}  // namespace daas
