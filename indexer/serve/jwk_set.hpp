// JSON Web Key sets (RFC 7517, 7518, 8037) as keys that check signatures. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "serve/signature_key.hpp"

namespace daas {

struct JwkSet {
  std::vector<SignatureKey> keys;
  /// Why members of the set were left out, without key material: "key 2 (\"old\"): …". RFC 7517, 5:
  /// a set may hold keys for other purposes and of types unknown here.
  std::vector<std::string> left_out;
};

enum class SecretKeys {
  kRefused,  ///< a set that others can read is no place for a secret
  kAllowed,
};

/// A key must say or imply one algorithm: alg, or else RSA is for RS256, P-256 for ES256, Ed25519
/// for EdDSA; a secret must say it. Left out: keys whose use is not sig or whose key_ops lack verify,
/// of other types, weak ones, private ones. Refused as a whole are sets of which no key is left, with
/// two keys of one kid, with secrets beside public keys, over 256 KB or 100 keys.
/// @throws Error saying which of these
JwkSet parse_jwk_set(std::string_view text, SecretKeys secrets);

}  // namespace daas
