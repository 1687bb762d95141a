// A key that checks signatures of tokens, and the one algorithm that it is for (RFC 7518, 8037).
#pragma once

#include <openssl/types.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace daas {

enum class SignatureAlgorithm { kHs256, kHs384, kHs512, kRs256, kRs384, kRs512, kEs256, kEdDsa };

/// The name of RFC 7518 and 8037, "RS256"; what a header's alg must be, byte for byte.
std::string_view name_of(SignatureAlgorithm algorithm);
/// Nothing for "none", and for everything else that is not checked here.
std::optional<SignatureAlgorithm> algorithm_named(std::string_view name);
/// One secret for signing and checking, which must not be mixed up with public keys.
bool is_symmetric(SignatureAlgorithm algorithm);

/// HMAC with SHA-256, -384 or -512.
std::string hmac(SignatureAlgorithm algorithm, std::string_view key, std::string_view message);
std::string hmac_sha256(std::string_view key, std::string_view message);

/// Immutable; any thread may use it. Its algorithm is a property of the key, never of a token
/// (RFC 8725, 3.1): so an RSA key can't be taken for an HMAC secret, whatever a header says.
class SignatureKey {
 public:
  using Public = std::shared_ptr<EVP_PKEY>;

  /// @throws Error for a secret that is shorter than the hash (RFC 7518, 3.2)
  static SignatureKey of_secret(SignatureAlgorithm algorithm, std::string secret);
  /// @throws Error when the key is not of the algorithm's type, or too weak: RSA below 2048 bits,
  ///         with a bad exponent, or made by a generator that is broken (ROCA); a point off the curve
  static SignatureKey of_public(SignatureAlgorithm algorithm, Public key);
  /// One PUBLIC KEY of a PEM text: RSA is for RS256, P-256 for ES256, Ed25519 for EdDSA.
  /// @throws Error
  static SignatureKey of_pem(std::string_view text);

  SignatureAlgorithm algorithm() const { return algorithm_; }
  const std::optional<std::string>& id() const { return id_; }
  void set_id(std::string id) { id_ = std::move(id); }

  bool verifies(std::string_view message, std::string_view signature) const;

 private:
  SignatureKey() = default;

  SignatureAlgorithm algorithm_ = SignatureAlgorithm::kHs256;
  std::optional<std::string> id_;  ///< kid
  std::string secret_;
  Public public_;
};

}  // namespace daas
