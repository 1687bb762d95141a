#include "core/string_twin.hpp"

#include <openssl/evp.h>

#include <array>

#include "core/error.hpp"

namespace daas {
namespace {

// With the hash below Lucene's IndexWriter.MAX_TERM_LENGTH, 32,766. No short value can be a long
// one's twin, which is longer than this.
constexpr std::size_t kKeptPrefix = 32000;

std::string sha256_hex(std::string_view value) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(value.data(), value.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
    throw Error(Remedy::kStop, "OpenSSL has no SHA-256");
  }
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string hex;
  for (unsigned i = 0; i < size; ++i) {
    hex += kHex[digest[i] >> 4];
    hex += kHex[digest[i] & 15];
  }
  return hex;
}

}  // namespace

std::string string_twin(std::string_view value) {
  if (is_own_twin(value)) return std::string(value);
  std::size_t kept = kKeptPrefix;
  while (kept > 0 && (static_cast<unsigned char>(value[kept]) & 0xC0) == 0x80) --kept;
  return std::string(value.substr(0, kept)) + sha256_hex(value);
}

bool is_own_twin(std::string_view value) {
  return value.size() <= kKeptPrefix;
}

}  // namespace daas
