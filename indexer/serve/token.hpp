// Access tokens: JWT in compact form, HS256 and nothing else (RFC 7515, 7519, 8725).
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "serve/refusal.hpp"

namespace daas {

/// Reads a token key: the file's bytes without one trailing line break.
/// @throws Error when it can't be read or holds fewer than 32 bytes
std::string read_token_key(const std::string& path);

std::string hmac_sha256(std::string_view key, std::string_view message);

/// Payload bytes of a compact JWS whose signature is good, or nothing. The header must be a JSON
/// object without duplicate members, with alg exactly "HS256" and without crit: what a token says
/// about itself never chooses how it is checked.
std::optional<std::string> verify_signature(std::string_view token, std::string_view key);

/// Signs and checks the tokens of one serving role. Immutable, so any thread may use it.
class TokenAuthority {
 public:
  struct Settings {
    std::string key;       ///< at least 32 bytes
    std::string issuer;    ///< empty: not checked, not written
    std::string audience;  ///< empty: not checked, not written
    std::chrono::seconds ttl{3600};
  };
  using Clock = std::chrono::system_clock;

  /// @throws Error for a key that is too short
  explicit TokenAuthority(Settings settings);

  std::chrono::seconds ttl() const { return settings_.ttl; }

  /// A token for an account: its claims and sub, iat, exp, iss, aud. Registered claims among
  /// `claims` are dropped: an account can't make its own tokens live longer.
  std::string issue(const std::string& subject, const nlohmann::json& claims,
                    Clock::time_point now) const;

  /// Claims of a good token.
  /// @throws Refusal 401 with WWW-Authenticate: PGRST301 (not a token of ours), PGRST303 (a claim
  ///         is missing or does not hold)
  nlohmann::json verify(std::string_view token, Clock::time_point now) const;

 private:
  Settings settings_;
};

/// The 401 of a request that has no token.
Refusal token_missing();

/// Token of an Authorization header; nothing when the header is empty.
/// @throws Refusal 401 for any other scheme
std::optional<std::string_view> bearer_token(std::string_view authorization);

}  // namespace daas
