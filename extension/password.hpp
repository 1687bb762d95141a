// Password hashes of accounts: crypt(3) of libxcrypt, yescrypt for new ones. Plain memory only;
// not thread-safe, like all of PostgreSQL.
#pragma once

namespace daas {

enum class HashFormat { kGood, kWeak, kUnknown };

/// A new yescrypt hash, palloc'ed.
char* hash_password(const char* password);

/// Whether the password has this hash. Without a hash it works as long and says no, so that the
/// time of an answer doesn't tell which accounts exist.
bool verify_password(const char* password, const char* hash);

/// Whether crypt(3) can check passwords against the text, and whether it should.
HashFormat hash_format(const char* hash);

}  // namespace daas
