// Reads from one SolrCloud, for the serving role.
#pragma once

#include <atomic>
#include <string>

#include "solr/form.hpp"
#include "solr/http.hpp"

namespace daas {

/// One connection, owned and used by one thread. The answer is handed on as it came, whatever its
/// status; throws Error(kRetry) when there is none.
class SolrQuery {
 public:
  explicit SolrQuery(SolrEndpoint endpoint, const std::atomic<bool>* abort = nullptr);

  /// A search through the hardened handler `/daas`. Parameters are sent in this order, as a form,
  /// any bytes in their values.
  HttpResponse search(const std::string& collection, const FormParameters& parameters,
                      HttpConnection::Timeout timeout);
 private:
  HttpConnection connection_;
};

}  // namespace daas
