// Reads the dialect's small grammars from left to right. Internal to request parsing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace daas {

inline std::string lower_ascii(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lowered;
}

class TextCursor {
 public:
  explicit TextCursor(std::string_view text) : rest_(text), size_(text.size()) {}

  bool done() const { return rest_.empty(); }
  char peek() const { return rest_.empty() ? '\0' : rest_.front(); }
  std::string_view rest() const { return rest_; }
  /// Position in the text, from 1, for messages.
  std::size_t column() const { return size_ - rest_.size() + 1; }
  void skip(std::size_t count) { rest_.remove_prefix(count); }

  bool take(std::string_view token) {
    if (rest_.substr(0, token.size()) != token) return false;
    rest_.remove_prefix(token.size());
    return true;
  }
  void skip_blanks() {
    while (!rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
  }
  /// Everything before the first of these characters.
  std::string_view take_until(std::string_view stops) {
    const auto token = rest_.substr(0, rest_.find_first_of(stops));
    rest_.remove_prefix(token.size());
    return token;
  }
  /// "…" with backslash escapes, when one starts here and is closed; else nothing, and nothing is
  /// consumed.
  std::optional<std::string> take_quoted() {
    if (peek() != '"') return std::nullopt;
    std::string text;
    for (std::size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == '"') {
        rest_.remove_prefix(i + 1);
        return text;
      }
      if (rest_[i] == '\\' && ++i == rest_.size()) break;
      text += rest_[i];
    }
    return std::nullopt;
  }

 private:
  std::string_view rest_;
  std::size_t size_;
};

/// The parts of a header's list, without the blanks around them.
template <typename Take>
void each_part(std::string_view list, std::string_view separators, const Take& take) {
  TextCursor cursor(list);
  while (!cursor.done()) {
    cursor.skip_blanks();
    auto part = cursor.take_until(separators);
    while (part.ends_with(' ')) part.remove_suffix(1);
    if (!part.empty()) take(part);
    cursor.skip(cursor.done() ? 0 : 1);
  }
}

}  // namespace daas
