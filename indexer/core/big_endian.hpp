// Network byte order.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace daas {

/// The unsigned number that up to eight bytes are.
inline std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

/// Appends all bytes of the number.
template <std::integral Integer>
void append_big_endian(std::string& out, Integer value) {
  for (int shift = 8 * (static_cast<int>(sizeof value) - 1); shift >= 0; shift -= 8) {
    out += static_cast<char>(static_cast<std::uint64_t>(value) >> shift);
  }
}

}  // namespace daas
