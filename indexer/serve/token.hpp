// Access tokens: JWT in compact form (RFC 7515, 7519, 8725), issued by this daemon or by others.
#pragma once

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "serve/claim_check.hpp"
#include "serve/jws.hpp"
#include "serve/refusal.hpp"
#include "serve/signature_key.hpp"
#include "serve/token_cache.hpp"

namespace daas {

class KeyRing;
struct KeySet;

/// Claims of a token that was verified: an object. Cheap to copy.
class Claims {
 public:
  Claims() : claims_(std::make_shared<const nlohmann::json>(nlohmann::json::object())) {}
  explicit Claims(TokenCache::Claims claims) : claims_(std::move(claims)) {}

  const nlohmann::json& json() const { return *claims_; }
  operator const nlohmann::json&() const { return *claims_; }  // NOLINT: a token's claims are JSON

 private:
  TokenCache::Claims claims_;
};

/// A token of a key that is not known: its issuer may have a new one. Reading the keys again may help.
class UnknownKey : public Refusal {
 public:
  using Refusal::Refusal;
};

/// Signs and checks the tokens of one serving role. Any thread may use it.
class TokenAuthority {
 public:
  struct Settings {
    std::string key;       ///< of our own tokens, HS256: at least 32 bytes
    std::string issuer;    ///< of these; empty: not checked, not written
    std::string audience;  ///< of these; empty: not checked, not written
    std::chrono::seconds ttl{3600};
    std::chrono::seconds leeway{30};  ///< what clocks may differ by
    Trust others{};                   ///< what tokens must say that a key of the ring verifies
  };
  using Clock = std::chrono::system_clock;

  /// @param others keys of other issuers; null: there are none. Must outlive this
  /// @throws Error for a key that is too short
  explicit TokenAuthority(Settings settings, const KeyRing* others = nullptr);

  std::chrono::seconds ttl() const { return settings_.ttl; }

  /// A token for an account: its claims and sub, iat, exp, iss, aud. Registered claims among
  /// `claims` are dropped: an account can't make its own tokens live longer.
  std::string issue(const std::string& subject, const nlohmann::json& claims,
                    Clock::time_point now) const;

  /// Claims of a good token. Once verified, it is remembered until it expires or the keys change.
  /// @throws Refusal 401 with WWW-Authenticate: PGRST301 (not a token of ours), PGRST303 (a claim
  ///         is missing or does not hold)
  /// @throws UnknownKey
  Claims verify(std::string_view token, Clock::time_point now) const;

 private:
  /// What a token must say by the key that has signed it. @throws Refusal
  const Trust& trust_of(const Jws& jws, const KeySet* others) const;

  const Settings settings_;
  const SignatureKey key_;
  const Trust own_;
  const KeyRing* others_;
  mutable TokenCache cache_;
};

/// The 401 of a request that has no token.
Refusal token_missing();

/// Token of an Authorization header; nothing when the header is empty.
/// @throws Refusal 401 for any other scheme
std::optional<std::string_view> bearer_token(std::string_view authorization);

}  // namespace daas
