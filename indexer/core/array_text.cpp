#include "core/array_text.hpp"

namespace daas {
namespace {

void append_element(std::string& text, const std::string& element) {
  text += '"';
  for (const char c : element) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  text += '"';
}

}  // namespace

std::string array_text(std::span<const std::string> elements) {
  std::string text = "{";
  for (const auto& element : elements) {
    if (text.size() > 1) text += ',';
    append_element(text, element);
  }
  return text + '}';
}

std::string array_text(std::span<const std::optional<std::string>> elements) {
  std::string text = "{";
  for (const auto& element : elements) {
    if (text.size() > 1) text += ',';
    if (element) {
      append_element(text, *element);
    } else {
      text += "NULL";
    }
  }
  return text + '}';
}

}  // namespace daas
