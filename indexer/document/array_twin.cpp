#include "document/array_twin.hpp"

#include <simdjson.h>

#include "core/error.hpp"
#include "core/json_text.hpp"
#include "core/value_parse.hpp"

namespace daas {
namespace {

namespace ondemand = simdjson::ondemand;

struct Elements {
  std::string& body;
  ValueType type;
  bool first = true;
  bool without_null = true;

  void add(std::string_view text) {
    const auto parsed = parse_value(type, text);
    if (!parsed.ok()) {
      throw Error(Remedy::kStop, "PostgreSQL's text of an array's element of type " +
                                     std::string(value_type_name(type)) + " can't be read: " +
                                     parsed.message);
    }
    body += first ? "\"" : ",\"";
    first = false;
    append_json_escaped(body, parsed.twin);
    body += '"';
  }

  void add_all(ondemand::array array) {
    for (ondemand::value value : array) {
      switch (value.type()) {
        case ondemand::json_type::array:
          add_all(value.get_array());
          break;
        case ondemand::json_type::null:
          without_null = false;
          break;
        case ondemand::json_type::string:
          add(value.get_string());
          break;
        default: {  // numbers and booleans, as they are
          std::string_view token = value.raw_json_token();
          add(token.substr(0, token.find_last_not_of(" \t\r\n") + 1));
        }
      }
    }
  }
};

}  // namespace

bool append_array_twin(std::string& body, ValueType element, std::string_view json) {
  Elements elements{body, element};
  body += '[';
  try {
    const simdjson::padded_string padded(json);
    ondemand::parser parser;
    auto document = parser.iterate(padded);
    elements.add_all(document.get_array());
  } catch (const simdjson::simdjson_error& error) {
    throw Error(Remedy::kStop, std::string("PostgreSQL's JSON of an array can't be read: ") + error.what());
  }
  body += ']';
  return elements.without_null;
}

}  // namespace daas
