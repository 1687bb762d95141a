// Text that must be UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace daas {

/// The text with `?` for each byte that is not part of a well-formed UTF-8 sequence, and for NUL.
std::string valid_utf8(std::string_view text);

/// The well-formed sequence at the front of a text, else its first byte.
std::string_view first_character(std::string_view text);

}  // namespace daas
