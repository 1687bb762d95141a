// Texts of bytea.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace daas {

struct ByteaError {
  enum class Kind { kDigit, kOdd, kEscape };
  Kind kind = Kind::kEscape;
  std::string character;  ///< that is no digit
};

/// The text that PostgreSQL prints with bytea_output=hex, whose byte order is the values' order, of a
/// text in its hex (`\x00ff`) or escape format (`a\000`). Nothing and `error` when it is neither.
std::optional<std::string> bytea_text(std::string_view text, ByteaError& error);

}  // namespace daas
