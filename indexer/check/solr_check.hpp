// The prerequisites in Solr. Changes nothing but that the built-in configset is uploaded, as the
// daemon would.
#pragma once

#include <string>

#include "check/findings.hpp"
#include "solr/endpoint.hpp"

namespace daas {

struct SolrPlan {
  SolrEndpoint endpoint;
  bool index = true;       ///< false: the rights of a reader are enough
  std::string name_space;  ///< empty: not known, so what belongs to it is not looked at
  std::string owner;       ///< "system/database"; empty: not known
  bool adopt = false;
};

void check_solr(const SolrPlan& plan, Findings& findings);

}  // namespace daas
