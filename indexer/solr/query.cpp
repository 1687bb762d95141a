#include "solr/query.hpp"

#include <utility>

namespace daas {

SolrQuery::SolrQuery(SolrEndpoint endpoint, const std::atomic<bool>* abort)
    : connection_(std::move(endpoint), abort) {}

HttpResponse SolrQuery::search(const std::string& collection, const FormParameters& parameters,
                               HttpConnection::Timeout timeout) {
  return post(collection, "/daas", parameters, timeout);
}

HttpResponse SolrQuery::get(const std::string& collection, const FormParameters& parameters,
                            HttpConnection::Timeout timeout) {
  return post(collection, "/get", parameters, timeout);
}

HttpResponse SolrQuery::post(const std::string& collection, const char* handler,
                             const FormParameters& parameters, HttpConnection::Timeout timeout) {
  return connection_.post("/" + percent_encode(collection) + handler,
                          "application/x-www-form-urlencoded", form_encode(parameters), timeout);
}

}  // namespace daas
