// JSON strings as PostgreSQL's escape_json() writes them.
#pragma once

#include <string>
#include <string_view>

namespace daas {

/// Appends the escaped text without quotes: \b \f \n \r \t \" \\, \u00xx for other control
/// characters, everything else as it is. The text must be UTF-8.
void append_json_escaped(std::string& out, std::string_view text);

/// Whether the text is a JSON number (PostgreSQL quotes numbers that are not: NaN, Infinity).
bool is_json_number(std::string_view text);

}  // namespace daas
