#include "core/network_key.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <vector>

#include "core/digit.hpp"
#include "core/hex.hpp"

namespace daas {
namespace {

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

struct Address {
  std::vector<unsigned char> bytes;  ///< 4 or 16
  std::size_t bits = 0;              ///< of the mask
};

/// The digits after the slash; nothing when there are none or they are too many.
std::optional<std::size_t> read_bits(std::string_view text, std::size_t most, bool leading_zeros) {
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit)) return std::nullopt;
  if (!leading_zeros && text.size() > 1 && text[0] == '0') return std::nullopt;
  std::size_t bits = 0;
  for (const char c : text) {
    bits = bits * 10 + static_cast<std::size_t>(c - '0');
    if (bits > most) return std::nullopt;
  }
  return bits;
}

/// As inet_net_pton_ipv4 of PostgreSQL: octets at the end may be left out when there is a mask that
/// does not reach beyond those that are there.
std::optional<Address> read_ipv4(std::string_view text) {
  const auto slash = text.find('/');
  auto octets = text.substr(0, slash);
  Address address;
  while (true) {
    std::size_t size = 0;
    unsigned value = 0;
    for (; size < octets.size() && is_digit(octets[size]); ++size) {
      value = value * 10 + static_cast<unsigned>(octets[size] - '0');
      if (value > 255) return std::nullopt;
    }
    if (size == 0 || address.bytes.size() == 4) return std::nullopt;
    address.bytes.push_back(static_cast<unsigned char>(value));
    octets.remove_prefix(size);
    if (octets.empty()) break;
    if (octets[0] != '.') return std::nullopt;
    octets.remove_prefix(1);
    // A point may end the octets.
    if (octets.empty()) break;
  }
  if (slash == std::string_view::npos) {
    if (address.bytes.size() != 4) return std::nullopt;
    address.bits = 32;
    return address;
  }
  const auto bits = read_bits(text.substr(slash + 1), 32, true);
  if (!bits || *bits / 8 > address.bytes.size()) return std::nullopt;
  address.bits = *bits;
  address.bytes.resize(4);
  return address;
}

std::optional<Address> read_ipv6(std::string_view text) {
  const auto slash = text.find('/');
  const std::string number(text.substr(0, slash));
  Address address;
  address.bytes.resize(16);
  if (number.find('\0') != std::string::npos ||
      inet_pton(AF_INET6, number.c_str(), address.bytes.data()) != 1) {
    return std::nullopt;
  }
  address.bits = 128;
  if (slash == std::string_view::npos) return address;
  const auto bits = read_bits(text.substr(slash + 1), 128, false);
  if (!bits) return std::nullopt;
  address.bits = *bits;
  return address;
}

}  // namespace

std::optional<std::string> inet_key(std::string_view text) {
  const bool six = text.find(':') != std::string_view::npos;
  const auto address = six ? read_ipv6(text) : read_ipv4(text);
  if (!address) return std::nullopt;
  // family, each bit of the network as 1 or 2, its end as 0, the address. The end is below every
  // bit: of two networks that agree, the one with the shorter mask stands first.
  std::string key(1, six ? '6' : '4');
  for (std::size_t bit = 0; bit < address->bits; ++bit) {
    key += (address->bytes[bit / 8] >> (7 - bit % 8) & 1) != 0 ? '2' : '1';
  }
  key += '0';
  for (const auto byte : address->bytes) append_hex(key, byte);
  return key;
}

std::optional<std::string> macaddr_text(std::string_view text, std::size_t bytes) {
  std::string digits;
  std::vector<std::size_t> groups{0};
  char separator = '\0';
  for (const char c : text) {
    if (const int value = hex_digit(c); value >= 0) {
      digits += kHexDigits[static_cast<std::size_t>(value)];
      ++groups.back();
      continue;
    }
    if ((c != ':' && c != '-' && c != '.') || (separator != '\0' && c != separator)) {
      return std::nullopt;
    }
    separator = c;
    groups.push_back(0);
  }
  const bool widen = bytes == 8 && digits.size() == 12;
  if (digits.size() != 2 * bytes && !widen) return std::nullopt;
  // macaddr8 takes its one separator between any bytes.
  const auto group = groups.front();
  const bool known = std::all_of(groups.begin(), groups.end(), [&](std::size_t size) {
    if (bytes == 8) return size > 0 && size % 2 == 0;
    const bool pairs = separator != '.' && (group == 2 || group == 6);
    return size == group && (group == 12 || pairs || (separator != ':' && group == 4));
  });
  if (!known) return std::nullopt;
  if (widen) digits.insert(6, "fffe");
  std::string out;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    if (i > 0) out += ':';
    out.append(digits, i, 2);
  }
  return out;
}

}  // namespace daas
