// Where a SolrCloud is and how to enter. Intentionally copyable: every connection keeps its own.
#pragma once

#include <string>
#include <vector>

namespace daas {

struct SolrEndpoint {
  /// Base URLs of nodes of one cluster, "http://host:port/solr". The next one is tried when a node
  /// can't be reached. Without credentials: those have their own fields, so that a URL may be
  /// logged.
  std::vector<std::string> urls;
  std::string user;  ///< empty: no authentication
  std::string password;
  std::string ca_file;  ///< empty: the system's certificates
};

}  // namespace daas
