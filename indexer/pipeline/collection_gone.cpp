#include "pipeline/collection_gone.hpp"

#include <algorithm>

namespace daas {

void check_exists(SolrAdmin& admin, const std::string& collection) {
  const auto there = admin.list_collections();
  if (std::find(there.begin(), there.end(), collection) == there.end()) {
    throw CollectionGone(collection);
  }
}

}  // namespace daas
