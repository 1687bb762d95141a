#include "serve/search_wire.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <type_traits>
#include <utility>

namespace daas {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using Resolver = asio::ip::basic_resolver<asio::ip::tcp, asio::io_context::executor_type>;
using Results = Resolver::results_type;

constexpr asio::use_awaitable_t<asio::io_context::executor_type> kAwaits;
constexpr std::size_t kUsualAnswer = 16 * 1024;
/// Bytes. What a read asks for is bounded by its plan, but not what calls itself a length.
constexpr std::uint64_t kLargestAnswer = 1ULL << 30;

template <class Stream>
class Wire final : public SearchWire {
  static constexpr bool kTls = !std::is_same_v<Stream, LoopSocket>;

 public:
  template <class... Arguments>
  Wire(asio::io_context& loop, const SolrNode& node, Arguments&&... arguments)
      : node_(node), resolver_(loop), stream_(LoopSocket(loop), std::forward<Arguments>(arguments)...) {
    buffer_.reserve(kUsualAnswer);
  }

  OnLoop<std::string> connect() override {
    error_code error;
    auto token = asio::redirect_error(kAwaits, error);
    const Results found = co_await resolver_.async_resolve(node_.host, node_.port, token);
    if (closed_) error = asio::error::operation_aborted;  // connecting would open the socket again
    if (!error) co_await asio::async_connect(stream_.lowest_layer(), found, token);
    if (!error) {
      error_code ignored;
      stream_.lowest_layer().set_option(asio::ip::tcp::no_delay(true), ignored);
      stream_.lowest_layer().set_option(asio::socket_base::keep_alive(true), ignored);
      if constexpr (kTls) {
        stream_.set_verify_callback(asio::ssl::host_name_verification(node_.host), ignored);
        SSL_set_tlsext_host_name(stream_.native_handle(), node_.host.c_str());
        co_await stream_.async_handshake(asio::ssl::stream_base::client, token);
      }
    }
    co_return error ? error.message() : std::string();
  }

  OnLoop<std::string> exchange(const std::string& request, HttpResponse& response) override {
    error_code error;
    auto token = asio::redirect_error(kAwaits, error);
    heard = keeps = false;
    co_await asio::async_write(stream_, asio::buffer(request), token);
    while (!error) {
      http::response_parser<http::string_body> parser;
      parser.body_limit(kLargestAnswer);
      parser.get().body().reserve(kUsualAnswer);  // it comes in pieces, and is read in place
      co_await http::async_read(stream_, buffer_, parser, token);
      heard = heard || parser.got_some();
      if (error || parser.get().result_int() < 200) continue;  // after 1xx comes the answer
      response.status = parser.get().result_int();
      response.body = std::move(parser.get().body());
      // More than was asked for would be taken for the next answer.
      keeps = parser.keep_alive() && buffer_.size() == 0;
      break;
    }
    co_return error ? error.message() : std::string();
  }

  void close() override {
    error_code ignored;
    closed_ = true;
    resolver_.cancel();
    stream_.lowest_layer().close(ignored);
  }

 private:
  const SolrNode& node_;
  Resolver resolver_;
  Stream stream_;
  boost::beast::flat_buffer buffer_;
  bool closed_ = false;
};

}  // namespace

std::unique_ptr<SearchWire> open_wire(asio::io_context& loop, const SolrNode& node, asio::ssl::context* tls) {
  if (!tls) return std::make_unique<Wire<LoopSocket>>(loop, node);
  return std::make_unique<Wire<asio::ssl::stream<LoopSocket>>>(loop, node, *tls);
}

}  // namespace daas
