// JSON Web Signatures in compact form (RFC 7515), read and not believed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "serve/signature_key.hpp"

namespace daas {

struct Jws {
  std::string_view signed_part;  ///< of the token: HEADER.PAYLOAD
  std::string payload;
  std::string signature;
  std::string algorithm;          ///< alg as the header says: compared with a key's, never obeyed
  std::optional<std::string> key_id;
  std::optional<std::string> type;  ///< typ
};

/// A token can't be longer: RFC 7515 has no limit, but nobody's time is free.
constexpr std::size_t kLongestToken = 16 * 1024;

/// The parts of a token whose form is right, or nothing. The header must be one JSON object without
/// duplicate members, and alg, kid and typ strings. Refused: crit (no extension is known here,
/// RFC 7515, 4.1.11), and jwk, jku, x5c, x5u: a token that brings its own key, or says where to fetch
/// it, is either an attack or for a verifier that does what this one never will.
std::optional<Jws> parse_jws(std::string_view token);

/// Whether the key may check this token and its signature is good: alg must be the key's, byte for
/// byte. The key's id is the caller's business.
bool verifies(const SignatureKey& key, const Jws& jws);

}  // namespace daas
