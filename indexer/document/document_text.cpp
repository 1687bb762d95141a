#include "document/document_text.hpp"

#include <simdjson.h>

#include "core/error.hpp"

namespace daas {
namespace {

using simdjson::SUCCESS;

/// A string without its quotes and escapes; a number, true or false as it stands.
bool read_text(simdjson::simdjson_result<simdjson::ondemand::value> value, std::string& text) {
  simdjson::ondemand::json_type type;
  std::string_view bytes;
  if (value.type().get(type) != SUCCESS) return false;
  if (type == simdjson::ondemand::json_type::string) {
    if (value.get_string().get(bytes) != SUCCESS) return false;
  } else {
    bytes = value.raw_json_token();
    bytes = bytes.substr(0, bytes.find_last_not_of(" \t\r\n") + 1);
  }
  text = bytes;
  return true;
}

/// Members are found by place: a name may hold escapes, which simdjson does not compare.
bool read_columns(const std::string& document_text, const std::vector<std::size_t>& positions,
                  std::vector<std::string>& texts) {
  const simdjson::padded_string padded(document_text);
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document document;
  simdjson::ondemand::object object;
  if (parser.iterate(padded).get(document) != SUCCESS) return false;
  if (document.get_object().get(object) != SUCCESS) return false;
  std::size_t position = 0;
  std::size_t found = 0;
  for (auto field : object) {
    if (field.error() != SUCCESS) return false;
    for (std::size_t part = 0; part < positions.size(); ++part) {
      if (positions[part] != position) continue;
      if (!read_text(field.value(), texts[part])) return false;
      ++found;
    }
    ++position;
  }
  return found == positions.size();
}

}  // namespace

std::string document_text(std::string_view solr_document) {
  const simdjson::padded_string padded(solr_document);
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document document;
  std::string_view text;
  if (parser.iterate(padded).get(document) != SUCCESS) return {};
  if (document.find_field_unordered("_doc_").get_string().get(text) != SUCCESS) return {};
  return std::string(text);
}

std::vector<std::string> column_texts(const std::string& document_text,
                                      const std::vector<std::size_t>& positions) {
  std::vector<std::string> texts(positions.size());
  if (!read_columns(document_text, positions, texts)) {
    throw Error(Remedy::kStop, "internal error: a document's text does not hold its columns");
  }
  return texts;
}

}  // namespace daas
