// Names and literals in a statement's text.
#pragma once

#include <string>
#include <string_view>

namespace daas {

/// In quotes, those within doubled: `"` makes an identifier of it, `'` a literal (standard_conforming_strings).
inline std::string sql_quoted(std::string_view text, char quote) {
  std::string quoted(1, quote);
  for (const char c : text) {
    if (c == quote) quoted += quote;
    quoted += c;
  }
  return quoted + quote;
}

}  // namespace daas
