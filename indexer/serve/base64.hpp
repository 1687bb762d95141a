// Base64 of RFC 4648, strict: a text decodes only if it is what the encoder writes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace daas {

enum class Base64Alphabet {
  kUrl,       ///< base64url without padding (tokens)
  kStandard,  ///< with padding (HTTP Basic)
};

std::string base64_encode(std::string_view bytes, Base64Alphabet alphabet);
/// Nothing for characters outside the alphabet, wrong padding, and unused bits that aren't zero.
std::optional<std::string> base64_decode(std::string_view text, Base64Alphabet alphabet);

}  // namespace daas
