#include "core/document_id.hpp"

#include "core/string_twin.hpp"

namespace daas {
namespace {

std::string_view canonical(ValueType type, std::string_view text) {
  switch (type) {
    case ValueType::kFloat4:
    case ValueType::kFloat8:
      return text == "-0" ? text.substr(1) : text;
    case ValueType::kNumeric:
      if (text.find('.') == std::string_view::npos) return text;
      text = text.substr(0, text.find_last_not_of('0') + 1);
      if (text.ends_with('.')) text.remove_suffix(1);
      return text;
    default:
      return text;
  }
}

}  // namespace

void append_key_part(std::string& id, ValueType type, std::string_view text, bool composite,
                     bool first) {
  text = canonical(type, text);
  if (!composite) {
    id += text;
    return;
  }
  if (!first) id += '|';
  for (const char c : text) {
    if (c == '|' || c == '\\') id += '\\';
    id += c;
  }
}

void finish_id(std::string& id) {
  if (id.find_first_not_of('\\') == std::string::npos) id += '\\';
  if (!is_own_twin(id)) id = string_twin(id);
}

}  // namespace daas
