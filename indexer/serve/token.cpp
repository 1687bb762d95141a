#include "serve/token.hpp"

#include <algorithm>

#include "serve/base64.hpp"
#include "serve/key_ring.hpp"
#include "serve/strict_json.hpp"
#include "serve/text_cursor.hpp"

namespace daas {
namespace {

using nlohmann::json;

constexpr std::string_view kRegisteredClaims[] = {"exp", "iss", "aud", "sub", "iat", "nbf", "jti"};

/// RFC 8725, 3.11: what says that it is no access token (a logout token, a DPoP proof, a security
/// event) is none, whoever signed it. Most say JWT or nothing; RFC 9068 says at+jwt.
bool is_access_token(const std::optional<std::string>& type) {
  if (!type) return true;
  auto name = lower_ascii(*type);
  if (name.starts_with("application/")) name.erase(0, std::string_view("application/").size());
  return name == "jwt" || name == "at+jwt";
}

UnknownKey unknown_key(bool complete) {
  if (!complete) {
    return UnknownKey(unavailable("the key of this token is not known yet",
                                  "a source of keys has not been read since the start").error());
  }
  return UnknownKey(invalid_token("PGRST301", "JWT could not be verified", "its key is not known").error());
}

}  // namespace

TokenAuthority::TokenAuthority(Settings settings, const KeyRing* others)
    : settings_(std::move(settings)),
      key_(SignatureKey::of_secret(SignatureAlgorithm::kHs256, settings_.key)),
      own_{settings_.issuer, settings_.audience},
      others_(others) {}

std::string TokenAuthority::issue(const std::string& subject, const json& claims,
                                  Clock::time_point now) const {
  json payload = claims.is_object() ? claims : json::object();
  for (const auto name : kRegisteredClaims) payload.erase(std::string(name));
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  payload["sub"] = subject;
  payload["iat"] = seconds;
  payload["exp"] = seconds + settings_.ttl.count();
  if (!settings_.issuer.empty()) payload["iss"] = settings_.issuer;
  if (!settings_.audience.empty()) payload["aud"] = settings_.audience;

  const std::string signed_part =
      base64_encode(R"({"alg":"HS256","typ":"JWT"})", Base64Alphabet::kUrl) + "." +
      base64_encode(payload.dump(), Base64Alphabet::kUrl);
  return signed_part + "." +
         base64_encode(hmac_sha256(settings_.key, signed_part), Base64Alphabet::kUrl);
}

const Trust& TokenAuthority::trust_of(const Jws& jws, const KeySet* others) const {
  if (verifies(key_, jws)) return own_;
  if (others == nullptr || !algorithm_named(jws.algorithm)) throw invalid_token("PGRST301", "JWT could not be verified");
  const auto found = candidates(*others, jws);
  for (const auto* key : found.keys) {
    if (verifies(*key, jws)) return settings_.others;
  }
  if (!found.known || (!jws.key_id && !others->complete)) throw unknown_key(others->complete);
  throw invalid_token("PGRST301", "JWT could not be verified");
}

Claims TokenAuthority::verify(std::string_view token, Clock::time_point now) const {
  const double seconds = std::chrono::duration<double>(now.time_since_epoch()).count();
  const auto others = others_ ? others_->current() : nullptr;
  const auto version = others ? others->version : 0;
  const auto name = TokenCache::name(token);
  if (auto claims = cache_.find(name, version, seconds)) return Claims(std::move(claims));

  const auto jws = parse_jws(token);
  if (!jws) throw invalid_token("PGRST301", "JWT could not be verified");
  const Trust& trust = trust_of(*jws, others.get());
  if (!is_access_token(jws->type)) throw invalid_token("PGRST301", "JWT is no access token", "its typ says so");
  auto claims = parse_strict_object(jws->payload);
  if (!claims) throw invalid_token("PGRST301", "JWT has no JSON object as its claims");
  const auto life = check_claims(*claims, trust, static_cast<double>(settings_.leeway.count()), seconds);

  auto shared = std::make_shared<const json>(*std::move(claims));
  cache_.keep(name, token.size(), {shared, version, life.from, life.until});
  return Claims(std::move(shared));
}

Refusal token_missing() {
  ApiError error{401,
                 "PGRST302",
                 "Anonymous access is disabled",
                 "send the header Authorization: Bearer TOKEN",
                 "get a token from POST /auth/login",
                 {}};
  error.headers.emplace_back("WWW-Authenticate", "Bearer");
  return Refusal(std::move(error));
}

std::optional<std::string_view> bearer_token(std::string_view authorization) {
  if (authorization.empty()) return std::nullopt;
  constexpr std::string_view kScheme = "bearer ";
  bool matches = authorization.size() > kScheme.size();
  for (std::size_t i = 0; matches && i < kScheme.size(); ++i) {
    matches = (authorization[i] | (kScheme[i] == ' ' ? 0 : 0x20)) == kScheme[i];
  }
  if (!matches) throw invalid_token("PGRST301", "the Authorization header is not a Bearer token");
  authorization.remove_prefix(kScheme.size());
  authorization.remove_prefix(std::min(authorization.find_first_not_of(' '), authorization.size()));
  return authorization;
}

}  // namespace daas
