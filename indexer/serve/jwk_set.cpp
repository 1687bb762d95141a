#include "serve/jwk_set.hpp"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <set>

#include "core/error.hpp"
#include "serve/base64.hpp"
#include "serve/strict_json.hpp"

namespace daas {
namespace {

using nlohmann::json;
using enum SignatureAlgorithm;

constexpr std::size_t kLongestSet = 256 * 1024;
constexpr std::size_t kMostKeys = 100;
constexpr std::size_t kLongestId = 256;
constexpr std::size_t kLongestSecret = 1024;

/// Why a key can't be used.
struct LeftOut {
  std::string reason;
};

[[noreturn]] void refuse(const std::string& what) { throw Error(Remedy::kStop, what); }

/// A member that must be a string; nothing when it is absent.
std::optional<std::string> text_of(const json& jwk, const char* name) {
  const auto found = jwk.find(name);
  if (found == jwk.end()) return std::nullopt;
  if (!found->is_string()) throw LeftOut{std::string("its ") + name + " is not a string"};
  return found->get<std::string>();
}

std::string bytes_of(const json& jwk, const char* name) {
  const auto text = text_of(jwk, name);
  auto decoded = text ? base64_decode(*text, Base64Alphabet::kUrl) : std::nullopt;
  if (!decoded || decoded->empty()) throw LeftOut{std::string("its ") + name + " is missing or not base64url"};
  return *std::move(decoded);
}

/// RFC 7517, 4.2 and 4.3.
void check_purpose(const json& jwk) {
  if (const auto use = text_of(jwk, "use"); use && *use != "sig") throw LeftOut{"its use is not sig"};
  const auto operations = jwk.find("key_ops");
  if (operations == jwk.end()) return;
  if (!operations->is_array()) throw LeftOut{"its key_ops is not a list"};
  std::set<std::string> seen;
  for (const auto& one : *operations) {
    if (!one.is_string() || !seen.insert(one.get<std::string>()).second) throw LeftOut{"its key_ops is not a list of different words"};
  }
  if (!seen.contains("verify")) throw LeftOut{"its key_ops lacks verify"};
}

SignatureAlgorithm algorithm_of(const json& jwk, std::optional<SignatureAlgorithm> implied) {
  const auto name = text_of(jwk, "alg");
  if (!name && !implied) throw LeftOut{"it has no alg"};
  const auto algorithm = name ? algorithm_named(*name) : implied;
  if (!algorithm) throw LeftOut{"its alg is none of HS256, HS384, HS512, RS256, RS384, RS512, ES256, EdDSA"};
  return *algorithm;
}

SignatureKey::Public from_data(const char* type, OSSL_PARAM_BLD* build) {
  const std::unique_ptr<OSSL_PARAM, decltype(&OSSL_PARAM_free)> parameters(OSSL_PARAM_BLD_to_param(build), &OSSL_PARAM_free);
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr),
                                                                            &EVP_PKEY_CTX_free);
  EVP_PKEY* key = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
    ERR_clear_error();  // or TLS on this thread would find them
    throw LeftOut{"it is not a valid public key"};
  }
  return SignatureKey::Public(key, &EVP_PKEY_free);
}

using Builder = std::unique_ptr<OSSL_PARAM_BLD, decltype(&OSSL_PARAM_BLD_free)>;
Builder builder() { return {OSSL_PARAM_BLD_new(), &OSSL_PARAM_BLD_free}; }

const unsigned char* raw(const std::string& text) { return reinterpret_cast<const unsigned char*>(text.data()); }

SignatureKey::Public rsa_key(const json& jwk) {
  const auto n = bytes_of(jwk, "n"), e = bytes_of(jwk, "e");
  using Number = std::unique_ptr<BIGNUM, decltype(&BN_free)>;
  const Number modulus(BN_bin2bn(raw(n), static_cast<int>(n.size()), nullptr), &BN_free);
  const Number exponent(BN_bin2bn(raw(e), static_cast<int>(e.size()), nullptr), &BN_free);
  const auto build = builder();
  if (!build || !modulus || !exponent || OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1) {
    throw LeftOut{"it is not a valid public key"};
  }
  return from_data("RSA", build.get());
}

SignatureKey::Public p256_key(const json& jwk) {
  if (text_of(jwk, "crv") != "P-256") throw LeftOut{"its curve is not P-256"};
  const auto x = bytes_of(jwk, "x"), y = bytes_of(jwk, "y");
  if (x.size() != 32 || y.size() != 32) throw LeftOut{"its x or y has not 32 bytes"};
  const std::string point = '\x04' + x + y;
  const auto build = builder();
  if (!build || OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) != 1) {
    throw LeftOut{"it is not a valid public key"};
  }
  return from_data("EC", build.get());
}

SignatureKey::Public ed25519_key(const json& jwk) {
  if (text_of(jwk, "crv") != "Ed25519") throw LeftOut{"its curve is not Ed25519"};
  const auto x = bytes_of(jwk, "x");
  if (x.size() != 32) throw LeftOut{"its x has not 32 bytes"};
  SignatureKey::Public key(EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, raw(x), x.size()), &EVP_PKEY_free);
  if (!key) throw LeftOut{"it is not a valid public key"};
  return key;
}

SignatureKey secret_key(const json& jwk, SecretKeys secrets) {
  if (secrets == SecretKeys::kRefused) throw LeftOut{"it is a secret, and comes from where others can read it"};
  auto secret = bytes_of(jwk, "k");
  if (secret.size() > kLongestSecret) throw LeftOut{"its secret has over 1024 bytes"};
  return SignatureKey::of_secret(algorithm_of(jwk, std::nullopt), std::move(secret));
}

SignatureKey key_of(const json& jwk, SecretKeys secrets) {
  if (!jwk.is_object()) throw LeftOut{"it is not an object"};
  check_purpose(jwk);
  const auto type = text_of(jwk, "kty");
  if (type == "oct") return secret_key(jwk, secrets);
  if (jwk.contains("d")) throw LeftOut{"it is a private key"};
  if (type == "RSA") return SignatureKey::of_public(algorithm_of(jwk, kRs256), rsa_key(jwk));
  if (type == "EC") return SignatureKey::of_public(algorithm_of(jwk, kEs256), p256_key(jwk));
  if (type == "OKP") return SignatureKey::of_public(algorithm_of(jwk, kEdDsa), ed25519_key(jwk));
  throw LeftOut{"its kty is none of oct, RSA, EC, OKP"};
}

SignatureKey named_key_of(const json& jwk, SecretKeys secrets) {
  auto key = key_of(jwk, secrets);
  if (auto id = text_of(jwk, "kid")) {
    if (id->empty() || id->size() > kLongestId) throw LeftOut{"its kid is empty or has over 256 bytes"};
    key.set_id(*std::move(id));
  }
  return key;
}

/// Which member of the set, for a log: printable and short, whoever wrote it.
std::string name_in_set(const json& jwk, std::size_t number) {
  std::string text = "key " + std::to_string(number);
  if (!jwk.is_object() || !jwk.contains("kid") || !jwk["kid"].is_string()) return text;
  std::string id = jwk["kid"].get<std::string>().substr(0, 64);
  for (char& c : id) {
    if (c < ' ' || c > '~') c = '?';
  }
  return text + " (\"" + id + "\")";
}

void check_set(const JwkSet& set) {
  if (set.keys.empty()) {
    refuse("the key set has no usable key" + (set.left_out.empty() ? std::string() : ": " + set.left_out.front()));
  }
  std::size_t secrets = 0;
  for (const auto& key : set.keys) secrets += is_symmetric(key.algorithm());
  if (secrets != 0 && secrets != set.keys.size()) refuse("the key set has secrets beside public keys");
}

/// Also of keys that turn out to be broken: which of the two the issuer means is then anybody's guess.
void check_ids(const json& keys) {
  std::set<std::string> ids;
  for (const auto& jwk : keys) {
    if (!jwk.is_object() || !jwk.contains("kid") || !jwk["kid"].is_string()) continue;
    try {
      check_purpose(jwk);
    } catch (const LeftOut&) {
      continue;
    }
    if (!ids.insert(jwk["kid"].get<std::string>()).second) refuse("the key set has two keys of one kid");
  }
}

}  // namespace

JwkSet parse_jwk_set(std::string_view text, SecretKeys secrets) {
  if (text.size() > kLongestSet) refuse("the key set is over 256 KB");
  const auto object = parse_strict_object(text);
  if (!object) refuse("it is not one JSON object without duplicate members");
  const auto keys = object->find("keys");
  if (keys == object->end() || !keys->is_array()) refuse("it has no list \"keys\", so it is no JSON Web Key set");
  if (keys->size() > kMostKeys) refuse("the key set has over 100 keys");
  check_ids(*keys);
  JwkSet set;
  for (std::size_t i = 0; i < keys->size(); ++i) {
    const json& jwk = (*keys)[i];
    try {
      set.keys.push_back(named_key_of(jwk, secrets));
    } catch (const LeftOut& why) {
      set.left_out.push_back(name_in_set(jwk, i + 1) + ": " + why.reason);
    } catch (const Error& error) {
      set.left_out.push_back(name_in_set(jwk, i + 1) + ": " + error.what());
    }
  }
  check_set(set);
  return set;
}

}  // namespace daas
