// An issuer of tokens with keys of its own, for tests.
#pragma once

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include "serve/base64.hpp"
#include "serve/signature_key.hpp"

namespace daas {

inline std::string base64url(const std::string& bytes) { return base64_encode(bytes, Base64Alphabet::kUrl); }

class TokenSigner {
 public:
  /// @param type RSA, EC or ED25519
  explicit TokenSigner(const std::string& type, int bits = 2048, const char* curve = "P-256")
      : key_(type == "RSA"  ? EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<std::size_t>(bits))
             : type == "EC" ? EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve)
                            : EVP_PKEY_Q_keygen(nullptr, nullptr, type.c_str()),
             &EVP_PKEY_free) {
    if (!key_) throw std::runtime_error("no key");
  }

  SignatureKey::Public key() const { return key_; }

  std::string pem(bool is_private = false) const {
    const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
    if (is_private) {
      PEM_write_bio_PrivateKey(out.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
    } else {
      PEM_write_bio_PUBKEY(out.get(), key_.get());
    }
    char* text = nullptr;
    const auto size = BIO_get_mem_data(out.get(), &text);
    return std::string(text, static_cast<std::size_t>(size));
  }

  nlohmann::json jwk(const std::string& id = {}) const {
    nlohmann::json jwk;
    if (!id.empty()) jwk["kid"] = id;
    if (EVP_PKEY_is_a(key_.get(), "RSA")) {
      jwk["kty"] = "RSA";
      jwk["n"] = base64url(number(OSSL_PKEY_PARAM_RSA_N));
      jwk["e"] = base64url(number(OSSL_PKEY_PARAM_RSA_E));
    } else if (EVP_PKEY_is_a(key_.get(), "EC")) {
      jwk["kty"] = "EC";
      jwk["crv"] = "P-256";
      jwk["x"] = base64url(number(OSSL_PKEY_PARAM_EC_PUB_X, 32));
      jwk["y"] = base64url(number(OSSL_PKEY_PARAM_EC_PUB_Y, 32));
    } else {
      std::string raw(32, '\0');
      std::size_t size = raw.size();
      EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(raw.data()), &size);
      jwk["kty"] = "OKP";
      jwk["crv"] = "Ed25519";
      jwk["x"] = base64url(raw);
    }
    return jwk;
  }

  /// The signature's bytes as a JWS has them; of ES256 r||s. @param digest null for Ed25519
  std::string sign(const std::string& message, const char* digest = "SHA256") const {
    const bool edwards = EVP_PKEY_is_a(key_.get(), "ED25519");
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    EVP_DigestSignInit_ex(context.get(), nullptr, edwards ? nullptr : digest, nullptr, nullptr, key_.get(), nullptr);
    std::string signature(1024, '\0');
    std::size_t size = signature.size();
    const auto* data = reinterpret_cast<const unsigned char*>(message.data());
    if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, data, message.size()) != 1) {
      throw std::runtime_error("no signature");
    }
    signature.resize(size);
    return EVP_PKEY_is_a(key_.get(), "EC") ? raw_of(signature) : signature;
  }

  std::string token(const std::string& header, const std::string& payload, const char* digest = "SHA256") const {
    const auto part = base64url(header) + "." + base64url(payload);
    return part + "." + base64url(sign(part, digest));
  }

 private:
  std::string number(const char* name, int size = 0) const {
    BIGNUM* value = nullptr;
    EVP_PKEY_get_bn_param(key_.get(), name, &value);
    const std::unique_ptr<BIGNUM, decltype(&BN_free)> owner(value, &BN_free);
    std::string bytes(static_cast<std::size_t>(size ? size : BN_num_bytes(value)), '\0');
    BN_bn2binpad(value, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    return bytes;
  }

  static std::string raw_of(const std::string& der) {
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> parts(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())), &ECDSA_SIG_free);
    std::string raw(64, '\0');
    BN_bn2binpad(ECDSA_SIG_get0_r(parts.get()), reinterpret_cast<unsigned char*>(raw.data()), 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(parts.get()), reinterpret_cast<unsigned char*>(raw.data()) + 32, 32);
    return raw;
  }

  SignatureKey::Public key_;
};

}  // namespace daas
