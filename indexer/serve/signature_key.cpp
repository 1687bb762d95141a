#include "serve/signature_key.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "core/error.hpp"
#include "serve/weak_modulus.hpp"

namespace daas {
namespace {

using enum SignatureAlgorithm;

struct Traits {
  SignatureAlgorithm algorithm;
  std::string_view name;
  const char* digest;  ///< null: the algorithm has its own
  std::size_t shortest_secret;
  const char* key_type;  ///< of OpenSSL; null: a secret
};

constexpr Traits kTraits[] = {
    {kHs256, "HS256", "SHA256", 32, nullptr}, {kHs384, "HS384", "SHA384", 48, nullptr},
    {kHs512, "HS512", "SHA512", 64, nullptr}, {kRs256, "RS256", "SHA256", 0, "RSA"},
    {kRs384, "RS384", "SHA384", 0, "RSA"},    {kRs512, "RS512", "SHA512", 0, "RSA"},
    {kEs256, "ES256", "SHA256", 0, "EC"},     {kEdDsa, "EdDSA", nullptr, 0, "ED25519"}};

constexpr int kShortestRsa = 2048;
constexpr int kLongestRsa = 8192;  // a check takes the square of it
constexpr std::size_t kEs256Half = 32;

const Traits& traits(SignatureAlgorithm algorithm) { return kTraits[static_cast<std::size_t>(algorithm)]; }

template <typename Type, void (*free)(Type*)>
struct Freed {
  void operator()(Type* pointer) const { free(pointer); }
};
using Number = std::unique_ptr<BIGNUM, Freed<BIGNUM, BN_free>>;
using Signature = std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG, ECDSA_SIG_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX, EVP_MD_CTX_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX, EVP_PKEY_CTX_free>>;

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

[[noreturn]] void refuse(const std::string& what) { throw Error(Remedy::kStop, what); }

Number number(EVP_PKEY* key, const char* name) {
  BIGNUM* value = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &value) != 1) refuse("the RSA key has no " + std::string(name));
  return Number(value);
}

void check_rsa(EVP_PKEY* key) {
  const int bits = EVP_PKEY_get_bits(key);
  if (bits < kShortestRsa || bits > kLongestRsa) {
    refuse("the RSA key has " + std::to_string(bits) + " bits; it must have 2048 to 8192");
  }
  const auto exponent = number(key, OSSL_PKEY_PARAM_RSA_E);
  if (!BN_is_odd(exponent.get()) || BN_num_bits(exponent.get()) < 2 || BN_num_bits(exponent.get()) > 33) {
    refuse("the RSA key's exponent is not an odd number from 3 to 2^33");
  }
  if (is_roca(number(key, OSSL_PKEY_PARAM_RSA_N).get())) {
    refuse("the RSA key is of a broken generator (ROCA, CVE-2017-15361)");
  }
}

void check_p256(EVP_PKEY* key) {
  char group[32] = {};
  if (EVP_PKEY_get_group_name(key, group, sizeof(group), nullptr) != 1 || std::string_view(group) != "prime256v1") {
    refuse("the key is not on the curve P-256");
  }
}

/// The DER that OpenSSL checks, of r||s (RFC 7518, 3.4: 64 bytes, no more and no less), or nothing.
std::optional<std::string> ecdsa_der(std::string_view raw) {
  if (raw.size() != 2 * kEs256Half) return std::nullopt;
  const Signature signature(ECDSA_SIG_new());
  Number r(BN_bin2bn(bytes(raw), kEs256Half, nullptr));
  Number s(BN_bin2bn(bytes(raw) + kEs256Half, kEs256Half, nullptr));
  if (!signature || !r || !s || ECDSA_SIG_set0(signature.get(), r.get(), s.get()) != 1) return std::nullopt;
  (void)r.release();  // the signature's from here on
  (void)s.release();
  unsigned char* out = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &out);
  if (size <= 0) return std::nullopt;
  std::string der(reinterpret_cast<const char*>(out), static_cast<std::size_t>(size));
  OPENSSL_free(out);
  return der;
}

/// What failed must not be found later by whoever asks this thread's queue, as TLS does.
struct EmptyErrorQueue {
  ~EmptyErrorQueue() { ERR_clear_error(); }
};

bool verifies_public(const Traits& traits, EVP_PKEY* key, std::string_view message, std::string_view signature) {
  const DigestContext context(EVP_MD_CTX_new());
  // RSA's padding is PKCS #1 v1.5, which is the default of a key of this type.
  return context &&
         EVP_DigestVerifyInit_ex(context.get(), nullptr, traits.digest, nullptr, nullptr, key, nullptr) == 1 &&
         EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(message), message.size()) == 1;
}

}  // namespace

std::string_view name_of(SignatureAlgorithm algorithm) { return traits(algorithm).name; }

std::optional<SignatureAlgorithm> algorithm_named(std::string_view name) {
  for (const auto& one : kTraits) {
    if (one.name == name) return one.algorithm;
  }
  return std::nullopt;
}

bool is_symmetric(SignatureAlgorithm algorithm) { return traits(algorithm).key_type == nullptr; }

std::string hmac(SignatureAlgorithm algorithm, std::string_view key, std::string_view message) {
  const std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> mac(EVP_MAC_fetch(nullptr, "HMAC", nullptr), &EVP_MAC_free);
  const std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)> context(mac ? EVP_MAC_CTX_new(mac.get()) : nullptr,
                                                                          &EVP_MAC_CTX_free);
  // OpenSSL's parameters are not const, but only read here.
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>(traits(algorithm).digest), 0),
      OSSL_PARAM_construct_end()};
  unsigned char out[EVP_MAX_MD_SIZE];
  std::size_t size = 0;
  if (!context || EVP_MAC_init(context.get(), bytes(key), key.size(), parameters) != 1 ||
      EVP_MAC_update(context.get(), bytes(message), message.size()) != 1 ||
      EVP_MAC_final(context.get(), out, &size, sizeof(out)) != 1) {
    throw Error(Remedy::kStop, "OpenSSL can't compute the HMAC of " + std::string(name_of(algorithm)));
  }
  return std::string(reinterpret_cast<const char*>(out), size);
}

std::string hmac_sha256(std::string_view key, std::string_view message) { return hmac(kHs256, key, message); }

SignatureKey SignatureKey::of_secret(SignatureAlgorithm algorithm, std::string secret) {
  if (!is_symmetric(algorithm)) refuse("a secret can't be a key of " + std::string(name_of(algorithm)));
  if (secret.size() < traits(algorithm).shortest_secret) {
    refuse("the secret is shorter than the " + std::to_string(traits(algorithm).shortest_secret) + " bytes of " +
           std::string(name_of(algorithm)));
  }
  SignatureKey key;
  key.algorithm_ = algorithm;
  key.secret_ = std::move(secret);
  return key;
}

SignatureKey SignatureKey::of_public(SignatureAlgorithm algorithm, Public given) {
  const EmptyErrorQueue at_end;
  const auto* type = traits(algorithm).key_type;
  // is_a, not the base id: an RSA-PSS key is for other algorithms.
  if (!given || type == nullptr || EVP_PKEY_is_a(given.get(), type) != 1) {
    refuse("the key is not one of " + std::string(name_of(algorithm)));
  }
  if (std::string_view(type) == "RSA") check_rsa(given.get());
  if (algorithm == kEs256) check_p256(given.get());
  const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, given.get(), nullptr));
  if (!context || EVP_PKEY_public_check(context.get()) != 1) refuse("the key is not a valid public key");
  SignatureKey key;
  key.algorithm_ = algorithm;
  key.public_ = std::move(given);
  return key;
}

SignatureKey SignatureKey::of_pem(std::string_view text) {
  if (text.find("PRIVATE KEY-----") != std::string_view::npos) {
    throw Error(Remedy::kStop, "it holds a private key", "openssl pkey -in FILE -pubout");
  }
  if (const auto first = text.find("-----BEGIN"); first != std::string_view::npos && text.find("-----BEGIN", first + 1) != std::string_view::npos) {
    throw Error(Remedy::kStop, "it holds more than one key", "one file for each, and the option once for each");
  }
  const EmptyErrorQueue at_end;
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free);
  // The callback: a PEM that asks for a pass phrase is refused instead of asked about on the terminal.
  const auto no_password = [](char*, int, int, void*) { return -1; };
  Public key(bio ? PEM_read_bio_PUBKEY(bio.get(), nullptr, no_password, nullptr) : nullptr, &EVP_PKEY_free);
  if (!key) {
    throw Error(Remedy::kStop, "it holds no public key in PEM",
                "a file with -----BEGIN PUBLIC KEY-----; of a certificate: openssl x509 -in FILE -noout -pubkey");
  }
  for (const auto algorithm : {kRs256, kEs256, kEdDsa}) {
    if (EVP_PKEY_is_a(key.get(), traits(algorithm).key_type) == 1) return of_public(algorithm, std::move(key));
  }
  refuse("its key is none of RSA, P-256 and Ed25519");
}

bool SignatureKey::verifies(std::string_view message, std::string_view signature) const {
  const auto& own = traits(algorithm_);
  if (is_symmetric(algorithm_)) {
    const auto expected = hmac(algorithm_, secret_, message);
    return signature.size() == expected.size() &&
           CRYPTO_memcmp(signature.data(), expected.data(), expected.size()) == 0;
  }
  const EmptyErrorQueue at_end;
  if (algorithm_ != kEs256) return verifies_public(own, public_.get(), message, signature);
  const auto der = ecdsa_der(signature);
  return der && verifies_public(own, public_.get(), message, *der);
}

}  // namespace daas
