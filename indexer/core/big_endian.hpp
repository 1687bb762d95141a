// Network byte order.
#pragma once

#include <cstdint>
#include <string_view>

namespace daas {

/// The unsigned number that up to eight bytes are.
inline std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

}  // namespace daas
