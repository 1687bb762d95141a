// The serving role as a whole: catalog, logins, reads and their listener.
#pragma once

#include <prometheus/metric_family.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "serve/admin_server.hpp"
#include "serve/token_options.hpp"
#include "solr/endpoint.hpp"

namespace daas {

struct ServeOptions {
  std::string listen = "127.0.0.1:8080";
  std::string pg_conninfo;   ///< of the server role
  SolrEndpoint solr;
  TokenOptions tokens;
  int searches = 8;       ///< at a time
  std::chrono::milliseconds position_wait{5000};  ///< longest that a read waits for its position
  std::vector<std::string> origins;  ///< whose pages may read: https://app.example, or *
  std::string version;  ///< of the daemon
  std::string pg_writer;  ///< connection string of the writer's role; empty: no writes
  int write_threads = 4;  ///< writes at a time
  std::chrono::milliseconds write_timeout{10'000};  ///< of one statement
  std::uint64_t max_body = 1 << 20;  ///< bytes of a write's body
  int login_threads = 2;  ///< password checks at a time
  std::size_t cache_bytes = 64 << 20;         ///< of answers that are given again; 0: none
  std::chrono::milliseconds cache_term{10};  ///< longest that an answer is given again without a look at Solr
  std::string tls_cert;  ///< PEM file of the certificate and its chain; empty: plain HTTP
  std::string tls_key;   ///< PEM file
};

class ServeRole {
 public:
  /// @throws Error for options that can't work (a short key, no Solr)
  explicit ServeRole(ServeOptions options);
  ~ServeRole();

  /// Binds the listener and begins to answer. Waits for neither PostgreSQL nor Solr: until they
  /// are there, reads answer 503. @throws Error when the address can't be had
  void start();
  /// Lets requests under way end, then stops. Idempotent.
  void stop();

  /// Ready when the APIs were read and Solr answers. Blocks for up to three seconds; one thread at
  /// a time.
  Readiness readiness();
  /// Its figures, for /metrics.
  std::vector<prometheus::MetricFamily> metrics() const;

  std::uint16_t port() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace daas
