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

void append_element(std::string& text, const std::optional<std::string>& element) {
  if (element) {
    append_element(text, *element);
  } else {
    text += "NULL";
  }
}

template <typename Element>
std::string text_of(std::span<const Element> elements) {
  std::string text = "{";
  for (const auto& element : elements) {
    if (text.size() > 1) text += ',';
    append_element(text, element);
  }
  return text + '}';
}

}  // namespace

std::string array_text(std::span<const std::string> elements) { return text_of(elements); }

std::string array_text(std::span<const std::optional<std::string>> elements) {
  return text_of(elements);
}

}  // namespace daas
