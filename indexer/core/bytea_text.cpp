#include "core/bytea_text.hpp"

#include "core/hex.hpp"
#include "core/utf8.hpp"

namespace daas {
namespace {

bool is_octal(char c, char most) {
  return c >= '0' && c <= most;
}

std::optional<std::string> from_hex(std::string_view digits, ByteaError& error) {
  std::string text = "\\x";
  std::size_t count = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const char c = digits[i];
    const bool space = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (space && count % 2 == 0) continue;
    const char folded = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
    if (kHexDigits.find(folded) == std::string_view::npos) {
      error = {ByteaError::Kind::kDigit, std::string(first_character(digits.substr(i)))};
      return std::nullopt;
    }
    text += folded;
    ++count;
  }
  error = {ByteaError::Kind::kOdd, {}};
  if (count % 2 != 0) return std::nullopt;
  return text;
}

}  // namespace

std::optional<std::string> bytea_text(std::string_view text, ByteaError& error) {
  if (text.starts_with("\\x")) return from_hex(text.substr(2), error);
  std::string hex = "\\x";
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto byte = static_cast<unsigned char>(text[i]);
    if (text[i] == '\\') {
      const auto rest = text.substr(i + 1);
      if (rest.starts_with('\\')) {
        i += 1;
      } else if (rest.size() >= 3 && is_octal(rest[0], '3') && is_octal(rest[1], '7') &&
                 is_octal(rest[2], '7')) {
        byte =
            static_cast<unsigned char>((rest[0] - '0') * 64 + (rest[1] - '0') * 8 + rest[2] - '0');
        i += 3;
      } else {
        error = {};
        return std::nullopt;
      }
    }
    append_hex(hex, byte);
  }
  return hex;
}

}  // namespace daas
