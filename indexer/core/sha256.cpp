#include "core/sha256.hpp"

#include <openssl/evp.h>

#include <array>

#include "core/error.hpp"
#include "core/hex.hpp"

namespace daas {

std::string sha256_hex(std::string_view value) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  static EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);  // else each call looks for it
  if (EVP_Digest(value.data(), value.size(), digest.data(), &size, sha256, nullptr) != 1) {
    throw Error(Remedy::kStop, "OpenSSL has no SHA-256");
  }
  std::string hex;
  for (unsigned i = 0; i < size; ++i) append_hex(hex, digest[i]);
  return hex;
}

}  // namespace daas
