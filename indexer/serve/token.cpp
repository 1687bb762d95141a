#include "serve/token.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <memory>

#include "core/error.hpp"
#include "serve/base64.hpp"
#include "serve/strict_json.hpp"

namespace daas {
namespace {

using nlohmann::json;

constexpr std::size_t kShortestKey = 32;  // RFC 7518, 3.2: as long as the hash
constexpr double kSkewSeconds = 30;
constexpr std::string_view kRegisteredClaims[] = {"exp", "iss", "aud", "sub", "iat", "nbf", "jti"};

Refusal unauthorized(std::string code, std::string message, std::string details = {}) {
  ApiError error{401, std::move(code), std::move(message), std::move(details), {}, {}};
  error.headers.emplace_back(
      "WWW-Authenticate",
      "Bearer error=\"invalid_token\", error_description=\"" + error.message + "\"");
  return Refusal(std::move(error));
}

/// A NumericDate, or nothing when the member is absent. A member of another type does not hold.
std::optional<double> date(const json& claims, const char* name) {
  const auto found = claims.find(name);
  if (found == claims.end()) return std::nullopt;
  if (!found->is_number() || !std::isfinite(found->get<double>())) {
    throw unauthorized("PGRST303", std::string("JWT claim ") + name + " is not a number");
  }
  return found->get<double>();
}

bool names(const json& audience, const std::string& wanted) {
  if (audience.is_string()) return audience.get_ref<const std::string&>() == wanted;
  return audience.is_array() && std::any_of(audience.begin(), audience.end(), [&](const json& one) {
           return one.is_string() && one.get_ref<const std::string&>() == wanted;
         });
}

}  // namespace

std::string hmac_sha256(std::string_view key, std::string_view message) {
  const std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> mac(
      EVP_MAC_fetch(nullptr, "HMAC", nullptr), &EVP_MAC_free);
  const std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)> context(
      mac ? EVP_MAC_CTX_new(mac.get()) : nullptr, &EVP_MAC_CTX_free);
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string("digest", digest, 0),
                                   OSSL_PARAM_construct_end()};
  unsigned char out[EVP_MAX_MD_SIZE];
  std::size_t size = 0;
  const auto bytes = [](std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
  };
  if (!context || EVP_MAC_init(context.get(), bytes(key), key.size(), parameters) != 1 ||
      EVP_MAC_update(context.get(), bytes(message), message.size()) != 1 ||
      EVP_MAC_final(context.get(), out, &size, sizeof(out)) != 1) {
    throw Error(Remedy::kStop, "OpenSSL can't compute HMAC-SHA256");
  }
  return std::string(reinterpret_cast<const char*>(out), size);
}

std::string read_token_key(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string key{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) {
    throw Error(
        Remedy::kStop, "the token key file " + path + " can't be read",
        "make one with: head -c 32 /dev/urandom | base64 > " + path + " && chmod 600 " + path);
  }
  if (key.ends_with('\n')) key.pop_back();
  if (key.ends_with('\r')) key.pop_back();
  if (key.size() < kShortestKey) {
    throw Error(
        Remedy::kStop, "the token key in " + path + " is shorter than 32 bytes",
        "make one with: head -c 32 /dev/urandom | base64 > " + path + " && chmod 600 " + path);
  }
  return key;
}

std::optional<std::string> verify_signature(std::string_view token, std::string_view key) {
  const auto first = token.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const auto second = token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos)
    return std::nullopt;

  const auto header_text = base64_decode(token.substr(0, first), Base64Alphabet::kUrl);
  const auto payload =
      base64_decode(token.substr(first + 1, second - first - 1), Base64Alphabet::kUrl);
  const auto signature = base64_decode(token.substr(second + 1), Base64Alphabet::kUrl);
  if (!header_text || !payload || !signature) return std::nullopt;

  const auto header = parse_strict_object(*header_text);
  if (!header || header->contains("crit")) return std::nullopt;
  const auto algorithm = header->find("alg");
  if (algorithm == header->end() || *algorithm != "HS256") return std::nullopt;

  const auto expected = hmac_sha256(key, token.substr(0, second));
  if (signature->size() != expected.size() ||
      CRYPTO_memcmp(signature->data(), expected.data(), expected.size()) != 0) {
    return std::nullopt;
  }
  return payload;
}

TokenAuthority::TokenAuthority(Settings settings) : settings_(std::move(settings)) {
  if (settings_.key.size() < kShortestKey) {
    throw Error(Remedy::kStop, "the token key is shorter than 32 bytes",
                "make one with: head -c 32 /dev/urandom | base64");
  }
}

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

json TokenAuthority::verify(std::string_view token, Clock::time_point now) const {
  const auto payload = verify_signature(token, settings_.key);
  if (!payload) throw unauthorized("PGRST301", "JWT could not be verified");
  auto claims = parse_strict_object(*payload);
  if (!claims) throw unauthorized("PGRST301", "JWT has no JSON object as its claims");

  const double seconds = std::chrono::duration<double>(now.time_since_epoch()).count();
  const auto expires = date(*claims, "exp");
  if (!expires) throw unauthorized("PGRST303", "JWT has no claim exp");
  if (seconds >= *expires + kSkewSeconds) throw unauthorized("PGRST303", "JWT expired");
  if (const auto from = date(*claims, "nbf"); from && seconds < *from - kSkewSeconds) {
    throw unauthorized("PGRST303", "JWT not yet valid");
  }
  if (const auto issued = date(*claims, "iat"); issued && seconds < *issued - kSkewSeconds) {
    throw unauthorized("PGRST303", "JWT issued at future");
  }
  if (!settings_.issuer.empty()) {
    const auto issuer = claims->find("iss");
    if (issuer == claims->end() || *issuer != settings_.issuer) {
      throw unauthorized("PGRST303", "JWT not of this issuer");
    }
  }
  if (!settings_.audience.empty()) {
    const auto audience = claims->find("aud");
    if (audience == claims->end() || !names(*audience, settings_.audience)) {
      throw unauthorized("PGRST303", "JWT not in audience");
    }
  }
  return *std::move(claims);
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
  if (!matches) throw unauthorized("PGRST301", "the Authorization header is not a Bearer token");
  authorization.remove_prefix(kScheme.size());
  authorization.remove_prefix(std::min(authorization.find_first_not_of(' '), authorization.size()));
  return authorization;
}

}  // namespace daas
