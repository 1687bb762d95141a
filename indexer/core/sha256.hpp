#pragma once

#include <array>
#include <string>
#include <string_view>

namespace daas {

using Sha256 = std::array<unsigned char, 32>;

/// @throws Error when OpenSSL has none
Sha256 sha256(std::string_view value);
/// As 64 hexadecimal digits.
std::string sha256_hex(std::string_view value);

}  // namespace daas
