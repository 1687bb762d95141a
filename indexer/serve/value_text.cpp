#include "serve/value_text.hpp"

#include <simdjson.h>

#include <nlohmann/json.hpp>

#include "serve/text_cursor.hpp"

namespace daas {
namespace {

/// The JSON of a string to its text.
std::string unquoted(std::string_view json) {
  const auto text = nlohmann::json::parse(json, nullptr, false);
  return text.is_string() ? text.get<std::string>() : std::string(json);
}

/// `2024-01-01T00:00:00+00:00` to PostgreSQL's own form under DateStyle=ISO.
std::string timestamp_text(std::string text, bool zone) {
  const auto t = text.find('T');
  if (t == std::string::npos) return text;  // infinity
  text[t] = ' ';
  if (!zone) return text;
  // A zone of whole hours, which UTC is, has no minutes.
  if (const auto minutes = text.find(":00", text.find_last_of("+-")); minutes != std::string::npos && minutes > t + 6) {
    text.erase(minutes, 3);
  }
  return text;
}

constexpr std::string_view kBlanks = " \t\n\r\v\f";

/// Quoted as array_out does.
void append_element(std::string& out, std::string_view text) {
  const bool quote = text.empty() || lower_ascii(text) == "null" ||
                     text.find_first_of("{},\"\\") != std::string_view::npos ||
                     text.find_first_of(kBlanks) != std::string_view::npos;
  if (!quote) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

/// @param element makes the text of an element that is not null, from its JSON
template <typename Element>
void append_array(std::string& out, simdjson::ondemand::array array, const Element& element) {
  out += '{';
  bool first = true;
  for (simdjson::ondemand::value value : array) {
    if (!first) out += ',';
    first = false;
    switch (value.type()) {
      case simdjson::ondemand::json_type::array:
        append_array(out, value.get_array(), element);
        break;
      case simdjson::ondemand::json_type::null:
        out += "NULL";
        break;
      default: {
        // As it stands: a number must not go through a double.
        std::string_view token = value.raw_json_token();
        append_element(out, element(token.substr(0, token.find_last_not_of(kBlanks) + 1)));
      }
    }
  }
  out += '}';
}

}  // namespace

TextForm::TextForm(const Column& column) {
  const auto kind_of = [](ValueType type) {
    switch (type) {
      case ValueType::kTimestamp: return Kind::kTimestamp;
      case ValueType::kTimestampTz: return Kind::kTimestampTz;
      case ValueType::kJson:
      case ValueType::kJsonb: return Kind::kJson;
      case ValueType::kWrapped: return Kind::kUnknown;
      case ValueType::kCharacter: return Kind::kPadded;
      default: return Kind::kPlain;
    }
  };
  kind_ = kind_of(column.type);
  if (const auto element = element_type(column)) {
    kind_ = Kind::kArray;
    element_ = kind_of(*element);
  }
}

std::string TextForm::text(std::string_view json, bool cast) const {
  const bool json_column = kind_ == Kind::kJson || kind_ == Kind::kUnknown;
  if (!json_column && json == "true") return cast ? "true" : "t";
  if (!json_column && json == "false") return cast ? "false" : "f";
  switch (kind_) {
    case Kind::kPadded: {
      auto text = unquoted(json);
      // The cast to text takes the padding away, the output does not.
      if (cast) text.erase(text.find_last_not_of(' ') + 1);
      return text;
    }
    case Kind::kTimestamp:
    case Kind::kTimestampTz:
      return timestamp_text(unquoted(json), kind_ == Kind::kTimestampTz);
    case Kind::kPlain:
      return json.starts_with('"') ? unquoted(json) : std::string(json);
    case Kind::kJson:
      return std::string(json);
    case Kind::kArray: {
      std::string out;
      const simdjson::padded_string padded(json);
      simdjson::ondemand::parser parser;
      auto document = parser.iterate(padded);
      TextForm element;
      element.kind_ = element_;
      append_array(out, document.get_array(), [&](std::string_view token) { return element.text(token, false); });
      return out;
    }
    case Kind::kUnknown:
      return json.starts_with('"') ? unquoted(json) : std::string(json);
  }
  return std::string(json);
}

void append_csv_field(std::string& line, std::string_view text) {
  const bool quote = text.empty() || text.find_first_of("\",()\\") != std::string_view::npos ||
                     text.find_first_of(kBlanks) != std::string_view::npos;
  if (!quote) {
    line += text;
    return;
  }
  line += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') line += c;
    line += c;
  }
  line += '"';
}

}  // namespace daas
