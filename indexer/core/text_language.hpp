// Languages that texts can be searched in: PostgreSQL's names of text search configurations, each with a field type
// in solr/configset/managed-schema.xml and a place in sql/define_model.sql.
#pragma once

#include <algorithm>
#include <iterator>
#include <string_view>

namespace daas {

constexpr std::string_view kTextLanguages[] = {"simple",  "danish",    "dutch",      "english", "finnish", "french",  "german",
                                               "hungarian", "italian", "norwegian", "portuguese", "russian", "spanish", "swedish"};

inline bool is_text_language(std::string_view name) {
  return std::find(std::begin(kTextLanguages), std::end(kTextLanguages), name) != std::end(kTextLanguages);
}

}  // namespace daas
