#include "password.hpp"

#include <crypt.h>

#include <cstring>

extern "C" {
#include "postgres.h"
}

namespace daas {
namespace {

/// A valid setting of the same cost as new hashes, for accounts that don't exist.
constexpr const char* kNobody = "$y$j9T$daasdaasdaasdaasdaasd.";

/// crypt_r with its 32 KB of state on the heap and wiped. Null when the setting is none.
const char* crypt_text(const char* password, const char* setting) {
  auto* state = static_cast<crypt_data*>(palloc0(sizeof(crypt_data)));
  const char* output = crypt_r(password, setting, state);
  const char* copy = output == nullptr || output[0] == '*' ? nullptr : pstrdup(output);
  explicit_bzero(state, sizeof *state);
  pfree(state);
  return copy;
}

bool equal_in_constant_time(const char* a, const char* b) {
  const std::size_t length = std::strlen(a);
  if (length != std::strlen(b)) return false;
  unsigned char difference = 0;
  for (std::size_t i = 0; i < length; ++i) difference |= a[i] ^ b[i];
  return difference == 0;
}

}  // namespace

char* hash_password(const char* password) {
  char setting[CRYPT_GENSALT_OUTPUT_SIZE];
  // Null and 0 for the random bytes: libxcrypt asks the kernel.
  if (crypt_gensalt_rn("$y$", 0, nullptr, 0, setting, sizeof setting) == nullptr) {
    ereport(ERROR,
            (errcode(ERRCODE_INTERNAL_ERROR), errmsg("libcrypt can't make a yescrypt hash: %m")));
  }
  const char* hash = crypt_text(password, setting);
  if (hash == nullptr) {
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the password can't be hashed"),
             errhint("It may have up to %d bytes.", CRYPT_MAX_PASSPHRASE_SIZE - 1)));
  }
  return const_cast<char*>(hash);
}

bool verify_password(const char* password, const char* hash) {
  const char* computed = crypt_text(password, hash != nullptr ? hash : kNobody);
  return hash != nullptr && computed != nullptr && equal_in_constant_time(computed, hash);
}

HashFormat hash_format(const char* hash) {
  const int verdict = crypt_checksalt(hash);
  if (verdict != CRYPT_SALT_OK && verdict != CRYPT_SALT_METHOD_LEGACY &&
      verdict != CRYPT_SALT_TOO_CHEAP) {
    return HashFormat::kUnknown;
  }
  // crypt_checksalt looks at the prefix only: a whole hash comes out as long as it went in.
  const char* computed = crypt_text("", hash);
  if (computed == nullptr || std::strlen(computed) != std::strlen(hash))
    return HashFormat::kUnknown;
  return verdict == CRYPT_SALT_OK ? HashFormat::kGood : HashFormat::kWeak;
}

}  // namespace daas
