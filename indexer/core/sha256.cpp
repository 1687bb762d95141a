#include "core/sha256.hpp"

#include <openssl/evp.h>

#include <memory>
#include <tuple>

#include "core/error.hpp"
#include "core/hex.hpp"

namespace daas {

namespace {

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

}  // namespace

Sha256 sha256(std::initializer_list<std::string_view> parts) {
  // Made once: to look an algorithm up, or to make a context, takes longer than the hash.
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  thread_local const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  Sha256 digest{};
  unsigned size = 0;
  bool good = context && EVP_DigestInit_ex2(context.get(), algorithm, nullptr) == 1;
  for (const auto part : parts) good = good && EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1;
  if (!good || EVP_DigestFinal_ex(context.get(), digest.data(), &size) != 1 || size != digest.size()) {
    throw Error(Remedy::kStop, "OpenSSL has no SHA-256");
  }
  return digest;
}

std::string sha256_hex(std::initializer_list<std::string_view> parts) {
  std::string hex;
  hex.reserve(2 * std::tuple_size_v<Sha256>);
  for (const auto byte : sha256(parts)) append_hex(hex, byte);
  return hex;
}

}  // namespace daas
