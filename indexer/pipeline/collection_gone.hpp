// A collection that someone else deleted: whoever waits for Solr to take a request for it finds out.
#pragma once

#include <chrono>
#include <string>

#include "core/error.hpp"
#include "solr/admin.hpp"

namespace daas {

/// Thrown instead of trying again for ever. The model looks at what it has left and loads anew.
class CollectionGone : public Error {
 public:
  explicit CollectionGone(const std::string& collection)
      : Error(Remedy::kAgain,
              "the Solr collection " + collection + " was deleted by someone else") {}
};

/// How long a request for a collection may fail before its collection is looked for: while Solr
/// starts, one that is there is unknown for a moment.
constexpr std::chrono::seconds kMissingPatience{1};

/// Throws CollectionGone when Solr does not have it.
void check_exists(SolrAdmin& admin, const std::string& collection);

}  // namespace daas
