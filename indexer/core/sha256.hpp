#pragma once

#include <array>
#include <initializer_list>
#include <string>
#include <string_view>

namespace daas {

using Sha256 = std::array<unsigned char, 32>;

/// Of the parts, one after the other.
/// @throws Error when OpenSSL has none
Sha256 sha256(std::initializer_list<std::string_view> parts);
/// As 64 hexadecimal digits.
std::string sha256_hex(std::initializer_list<std::string_view> parts);

}  // namespace daas
