#include "core/sha256.hpp"

#include <openssl/evp.h>

#include "core/error.hpp"
#include "core/hex.hpp"

namespace daas {

Sha256 sha256(std::string_view value) {
  // Fetched once: looking an algorithm up takes longer than the hash.
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  Sha256 digest{};
  unsigned size = 0;
  if (EVP_Digest(value.data(), value.size(), digest.data(), &size, algorithm, nullptr) != 1 || size != digest.size()) {
    throw Error(Remedy::kStop, "OpenSSL has no SHA-256");
  }
  return digest;
}

std::string sha256_hex(std::string_view value) {
  std::string hex;
  for (const auto byte : sha256(value)) append_hex(hex, byte);
  return hex;
}

}  // namespace daas
