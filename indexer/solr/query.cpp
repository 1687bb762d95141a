#include "solr/query.hpp"

#include <utility>

namespace daas {

SolrQuery::SolrQuery(SolrEndpoint endpoint, const std::atomic<bool>* abort)
    : connection_(std::move(endpoint), abort) {}

HttpResponse SolrQuery::search(const std::string& collection, const FormParameters& parameters,
                               HttpConnection::Timeout timeout) {
  return connection_.post("/" + percent_encode(collection) + "/daas",
                          "application/x-www-form-urlencoded", form_encode(parameters), timeout);
}

}  // namespace daas
