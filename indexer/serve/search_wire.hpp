// One kept-alive HTTP/1.1 connection to a node of SolrCloud, on an event loop.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "serve/event_loops.hpp"
#include "solr/http.hpp"

namespace daas {

/// A base URL in parts.
struct SolrNode {
  std::string url;
  bool tls = false;
  std::string host;       ///< without the brackets of an IPv6 address
  std::string port;
  std::string authority;  ///< of the Host header
  std::string path;       ///< "/solr"
};

/// Of a coroutine on an event loop, whose executor needs not be looked up.
template <class Result>
using OnLoop = boost::asio::awaitable<Result, boost::asio::io_context::executor_type>;

/// Used by its loop's thread only. close() may be called while an operation is under way, which fails then.
class SearchWire {
 public:
  virtual ~SearchWire() = default;

  /// @return why not, or empty
  virtual OnLoop<std::string> connect() = 0;
  /// @param request its bytes, header and body
  /// @return why there is no answer, or empty
  virtual OnLoop<std::string> exchange(const std::string& request, HttpResponse& response) = 0;
  virtual void close() = 0;

  /// Of the last exchange: the other side has sent a byte.
  bool heard = false;
  /// After an exchange: there may be another one.
  bool keeps = false;
};

/// @param node and tls outlive it; tls is null for a node without
std::unique_ptr<SearchWire> open_wire(boost::asio::io_context& loop, const SolrNode& node, boost::asio::ssl::context* tls);

}  // namespace daas
