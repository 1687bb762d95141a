// Bytes as hexadecimal digits.
#pragma once

#include <string>
#include <string_view>

namespace daas {

constexpr std::string_view kHexDigits = "0123456789abcdef";

/// Appends two lower-case digits.
inline void append_hex(std::string& out, unsigned char byte) {
  out += kHexDigits[byte >> 4];
  out += kHexDigits[byte & 15];
}

}  // namespace daas
