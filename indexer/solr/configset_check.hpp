// Whether a configset in Solr is still the one that was uploaded.
#pragma once

#include <string>
#include <vector>

#include "solr/http.hpp"

namespace daas {

/// A file of the configset that differs from the built-in one, is missing, or is one too many; empty
/// when there is none. Throws Error(kRetry) when Solr doesn't say.
std::string changed_file(HttpConnection& solr, const std::string& configset);

/// Makes the configset the built-in one again, and has the collections that live on it take it up.
void restore_configset(HttpConnection& solr, const std::string& configset,
                       const std::vector<std::string>& collections);

}  // namespace daas
