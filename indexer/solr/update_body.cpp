#include "solr/update_body.hpp"

#include <simdjson.h>

namespace daas {

std::vector<BodyDocument> documents_in(std::string_view json_array) {
  const simdjson::padded_string padded(json_array);
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document document;
  simdjson::ondemand::array array;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS) return {};
  if (document.get_array().get(array) != simdjson::SUCCESS) return {};
  std::vector<BodyDocument> documents;
  for (auto element : array) {
    simdjson::ondemand::object object;
    std::string_view raw;
    if (element.get_object().get(object) != simdjson::SUCCESS) return {};
    if (object.raw_json().get(raw) != simdjson::SUCCESS) return {};
    BodyDocument found;
    found.text = json_array.substr(static_cast<std::size_t>(raw.data() - padded.data()), raw.size());
    std::string_view id;
    if (object.reset().error() == simdjson::SUCCESS &&
        object.find_field_unordered("id").get_string().get(id) == simdjson::SUCCESS) {
      found.id = id;
    }
    if (object.reset().error() == simdjson::SUCCESS) {
      std::int64_t version = 0;
      if (object.find_field_unordered("_ver_").get_int64().get(version) == simdjson::SUCCESS) {
        found.version = version;
      }
    }
    documents.push_back(std::move(found));
  }
  return documents;
}

}  // namespace daas
