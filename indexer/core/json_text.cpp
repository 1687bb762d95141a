#include "core/json_text.hpp"

#include <cstdint>
#include <cstdio>
#include <cstring>

namespace daas {

namespace {

constexpr std::uint64_t kEachByte = 0x0101010101010101;

/// Whether one of eight bytes is zero. Exact as a whole, which byte it is may be wrong.
constexpr bool has_zero(std::uint64_t bytes) {
  return ((bytes - kEachByte) & ~bytes & (kEachByte << 7)) != 0;
}

bool needs_escape(unsigned char c) { return c < 0x20 || c == '"' || c == '\\'; }

/// Where the first byte that needs an escape is, from `at` on. Most texts have none: eight at a time.
std::size_t next_escape(std::string_view text, std::size_t at) {
  for (std::uint64_t bytes; at + sizeof bytes <= text.size(); at += sizeof bytes) {
    std::memcpy(&bytes, text.data() + at, sizeof bytes);
    const bool control = ((bytes - kEachByte * 0x20) & ~bytes & (kEachByte << 7)) != 0;
    if (control || has_zero(bytes ^ kEachByte * '"') || has_zero(bytes ^ kEachByte * '\\')) break;
  }
  while (at < text.size() && !needs_escape(static_cast<unsigned char>(text[at]))) ++at;
  return at;
}

}  // namespace

void append_json_escaped(std::string& out, std::string_view text) {
  std::size_t from = 0;
  while (true) {
    const auto at = next_escape(text, from);
    out.append(text, from, at - from);
    if (at == text.size()) return;
    const auto c = static_cast<unsigned char>(text[at]);
    from = at + 1;
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default: {
        char escape[8];
        std::snprintf(escape, sizeof escape, "\\u%04x", c);
        out += escape;
      }
    }
  }
}

bool is_json_number(std::string_view text) {
  std::size_t at = 0;
  const auto skip = [&](std::string_view any) {
    const bool there = at < text.size() && any.find(text[at]) != std::string_view::npos;
    at += there ? 1 : 0;
    return there;
  };
  const auto digits = [&] {
    const auto begin = at;
    while (skip("0123456789")) continue;
    return at > begin;
  };
  skip("-");
  if (!skip("0") && !digits()) return false;
  if (skip(".") && !digits()) return false;
  if (skip("eE")) {
    skip("+-");
    if (!digits()) return false;
  }
  return at == text.size();
}

}  // namespace daas
