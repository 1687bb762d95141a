// The body of an update, taken apart again when Solr refuses something of it. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace daas {

/// One document of a body.
struct BodyDocument {
  std::string id;            ///< empty when it has none
  std::int64_t version = 0;  ///< `_ver_`; 0 when it has none
  std::string_view text;     ///< as it stands in the body
};

/// The documents of an update's body in their order; none when it is not an array of objects.
std::vector<BodyDocument> documents_in(std::string_view json_array);

}  // namespace daas
