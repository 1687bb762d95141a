// One kept-alive HTTP/1.1 connection to a SolrCloud.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "solr/endpoint.hpp"

namespace daas {

/// Thrown out of a transfer whose abort flag was raised: the owner asked this thread to end.
class TransferAborted : public Error {
 public:
  TransferAborted()
      : Error(Remedy::kStop, "request to Solr given up: the daemon or its model is ending") {}
};

struct HttpResponse {
  long status = 0;
  std::string body;
};

/// A request has one answer or throws: Error(kRetry) when no node could be reached, the answer did
/// not come in time or was cut off. It is then in doubt whether Solr did what was asked, and it may
/// still do it minutes later: only requests that can be repeated may be sent.
///
/// The connection stays open between requests; a node that can't be reached is passed over for the
/// next of the endpoint's, and the one that answered is kept. Owned and used by one thread.
class HttpConnection {
 public:
  using Timeout = std::chrono::milliseconds;

  /// @param abort when it becomes true, a running transfer ends within about a second, and no new
  ///   one starts; null: never. Must outlive the connection.
  /// Throws Error(kStop) for an endpoint that can't be used.
  explicit HttpConnection(SolrEndpoint endpoint, const std::atomic<bool>* abort = nullptr);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  /// @param path below the base URL, with its query string: "/admin/info/system?wt=json"
  HttpResponse get(std::string_view path, Timeout timeout);
  HttpResponse post(std::string_view path, const char* content_type, std::string_view body,
                    Timeout timeout);
  /// From one given node ("http://10.0.0.7:8983/solr", as the cluster's state names it), no other.
  HttpResponse get_from(const std::string& base_url, std::string_view path, Timeout timeout);

  /// The next request tries this node first, if it is one of the endpoint's.
  void prefer(const std::string& base_url);
  bool knows(const std::string& base_url) const;
  /// The next request tries another node first.
  void pass_over() { current_ = (current_ + 1) % endpoint_.urls.size(); }

  /// The node that answered last, or that will be tried first.
  const std::string& base_url() const { return endpoint_.urls[current_]; }
  bool aborted() const;
  /// From now on requests go on for so long after the abort flag was raised: for what must not be left
  /// half done.
  void set_grace(Timeout grace) { grace_ = grace; }
  /// Waits; throws TransferAborted when the abort flag is raised meanwhile.
  void pause(std::chrono::milliseconds duration) const;

 private:
  struct Request;
  struct Handle;

  HttpResponse send_with_failover(const Request& request);
  /// False when the node could not be reached, so that nothing can have been sent.
  bool send_to(const std::string& base_url, const Request& request, HttpResponse& response,
               std::string& failure);

  SolrEndpoint endpoint_;
  const std::atomic<bool>* abort_;
  Timeout grace_{0};
  mutable std::optional<std::chrono::steady_clock::time_point> aborted_at_;  ///< when it was noticed
  std::size_t current_ = 0;
  std::unique_ptr<Handle> handle_;
};

}  // namespace daas
