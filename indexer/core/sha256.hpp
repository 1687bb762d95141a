#pragma once

#include <string>
#include <string_view>

namespace daas {

/// SHA-256 as 64 hexadecimal digits.
std::string sha256_hex(std::string_view value);

}  // namespace daas
