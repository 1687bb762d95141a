#include "serve/jwk_set.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "token_signer.hpp"

namespace daas {
namespace {

using nlohmann::json;
using enum SignatureAlgorithm;

const TokenSigner& rsa() {
  static const TokenSigner one("RSA");
  return one;
}
const TokenSigner& ec() {
  static const TokenSigner one("EC");
  return one;
}
const TokenSigner& edwards() {
  static const TokenSigner one("ED25519");
  return one;
}

json with(json jwk, const json& members) {
  jwk.update(members);
  return jwk;
}

JwkSet set_of(const std::vector<json>& keys, SecretKeys secrets = SecretKeys::kAllowed) {
  return parse_jwk_set(json{{"keys", keys}}.dump(), secrets);
}

/// Why the only key of a set is left out; empty when it is used.
std::string left_out(const json& jwk, SecretKeys secrets = SecretKeys::kAllowed) {
  const auto set = set_of({edwards().jwk("another"), jwk}, secrets);
  return set.left_out.empty() ? "" : set.left_out.at(0);
}

std::string refusal(const std::string& text) {
  try {
    parse_jwk_set(text, SecretKeys::kAllowed);
    return "taken";
  } catch (const Error& error) {
    return error.what();
  }
}

const std::string kHmacSecret = base64url(std::string(64, 's'));

TEST(JwkSet, AKeyWithoutAlgIsForTheOneOfItsType) {
  const auto set = set_of({rsa().jwk("a"), ec().jwk("b"), edwards().jwk()});
  ASSERT_EQ(set.keys.size(), 3u);
  EXPECT_EQ(set.keys[0].algorithm(), kRs256);
  EXPECT_EQ(set.keys[1].algorithm(), kEs256);
  EXPECT_EQ(set.keys[2].algorithm(), kEdDsa);
  EXPECT_EQ(set.keys[0].id(), "a");
  EXPECT_EQ(set.keys[2].id(), std::nullopt);
  EXPECT_TRUE(set.left_out.empty());
}

TEST(JwkSet, AlgBindsAndMustFitTheType) {
  EXPECT_EQ(set_of({with(rsa().jwk(), {{"alg", "RS512"}})}).keys.at(0).algorithm(), kRs512);
  for (const char* algorithm : {"HS256", "ES256", "EdDSA", "PS256", "RSA-OAEP", "none", "rs256", ""}) {
    EXPECT_NE(left_out(with(rsa().jwk(), {{"alg", algorithm}})), "") << algorithm;
  }
  EXPECT_NE(left_out(with(rsa().jwk(), {{"alg", nullptr}})), "");
  EXPECT_NE(left_out(with(ec().jwk(), {{"alg", "ES384"}})), "");
  EXPECT_NE(left_out(with(ec().jwk(), {{"alg", "RS256"}})), "");
}

TEST(JwkSet, UseAndKeyOpsAreHonoured) {
  EXPECT_EQ(left_out(with(rsa().jwk(), {{"use", "sig"}, {"key_ops", {"verify"}}})), "");
  EXPECT_EQ(left_out(with(rsa().jwk(), {{"key_ops", {"sign", "verify"}}})), "");
  for (const json& members : {json{{"use", "enc"}}, json{{"use", nullptr}}, json{{"use", ""}}, json{{"key_ops", {"sign"}}},
                              json{{"key_ops", json::array()}}, json{{"key_ops", "verify"}}, json{{"key_ops", {"verify", "verify"}}},
                              json{{"key_ops", {"verify", 1}}}}) {
    EXPECT_NE(left_out(with(rsa().jwk(), members)), "") << members;
  }
}

TEST(JwkSet, WeakKeysAreLeftOut) {
  EXPECT_NE(left_out(TokenSigner("RSA", 1024).jwk()).find("1024 bits"), std::string::npos);
  for (const char* exponent : {"\x01", "\x04", "\x01\x00\x00\x00\x00\x00\x01"}) {
    EXPECT_NE(left_out(with(rsa().jwk(), {{"e", base64url(exponent)}})), "");
  }
  auto even = base64_decode(rsa().jwk()["n"].get<std::string>(), Base64Alphabet::kUrl).value();
  even.back() = static_cast<char>(even.back() & ~1);
  EXPECT_NE(left_out(with(rsa().jwk(), {{"n", base64url(even)}})), "");
  EXPECT_NE(left_out(TokenSigner("EC", 0, "P-384").jwk()), "");
  EXPECT_NE(left_out(with(ec().jwk(), {{"y", ec().jwk()["x"]}})), "") << "not on the curve";
  EXPECT_NE(left_out(with(ec().jwk(), {{"x", base64url(std::string(33, '\0'))}})), "");
  EXPECT_NE(left_out(with(edwards().jwk(), {{"crv", "X25519"}})), "");
  EXPECT_NE(left_out(with(edwards().jwk(), {{"x", base64url("short")}})), "");
}

TEST(JwkSet, ASecretNeedsItsAlgItsLengthAndAPrivatePlace) {
  const json secret{{"kty", "oct"}, {"alg", "HS512"}, {"k", kHmacSecret}};
  EXPECT_EQ(set_of({secret}).keys.at(0).algorithm(), kHs512);
  EXPECT_NE(refusal(json{{"keys", json::array({with(secret, {{"k", base64url(std::string(63, 's'))}})})}}.dump()), "taken");
  EXPECT_NE(refusal(R"({"keys":[{"kty":"oct","k":")" + kHmacSecret + "\"}]}"), "taken");
  EXPECT_NE(refusal(R"({"keys":[{"kty":"oct","alg":"RS256","k":")" + kHmacSecret + "\"}]}"), "taken");
  EXPECT_NE(left_out(secret, SecretKeys::kRefused).find("others can read"), std::string::npos);
}

TEST(JwkSet, AWholeSetIsRefusedWhenItIsAmbiguous) {
  const json secret{{"kty", "oct"}, {"alg", "HS256"}, {"k", kHmacSecret}};
  EXPECT_NE(refusal(json{{"keys", {rsa().jwk("a"), ec().jwk("a")}}}.dump()).find("one kid"), std::string::npos);
  EXPECT_NE(refusal(json{{"keys", {rsa().jwk("a"), secret}}}.dump()).find("beside"), std::string::npos);
  EXPECT_NE(refusal(json{{"keys", {rsa().jwk("a"), with(ec().jwk("a"), {{"x", "?"}})}}}.dump()).find("one kid"), std::string::npos);
  EXPECT_EQ(refusal(json{{"keys", {rsa().jwk("a"), with(rsa().jwk("a"), {{"use", "enc"}})}}}.dump()), "taken") << "its other purpose is not ours";
  EXPECT_EQ(refusal(json{{"keys", {rsa().jwk(), ec().jwk()}}}.dump()), "taken") << "without kid they are told apart by alg";
}

TEST(JwkSet, AWholeSetIsRefusedWhenItIsNoneOrHasNoUsableKey) {
  for (const char* text : {"", "[]", "{}", "null", R"({"keys":{}})", R"({"keys":[]})", R"({"keys":[1]})", R"({"keys":[],"keys":[]})",
                           R"({"keys":[{}]})", R"({"keys":[{"kty":"RSA"}]})", "{\"keys\":[]}x", "{\"keys\":[\"\xff\"]}"}) {
    EXPECT_NE(refusal(text), "taken") << text;
  }
  json many = json::array();
  for (int i = 0; i < 101; ++i) many.push_back(edwards().jwk(std::to_string(i)));
  EXPECT_NE(refusal(json{{"keys", many}}.dump()).find("100 keys"), std::string::npos);
  many.erase(0);
  EXPECT_EQ(refusal(json{{"keys", many}}.dump()), "taken");
  EXPECT_NE(refusal("{\"keys\":[" + std::string(256 * 1024, ' ') + "]}").find("256 KB"), std::string::npos);
}

TEST(JwkSet, KeysForOtherPurposesAreLeftOutAndSayWhy) {
  const auto set = set_of({rsa().jwk("a"), with(rsa().jwk("b"), {{"use", "enc"}}), json{{"kty", "AKP"}, {"kid", "c\n\x7f"}}, with(ec().jwk("d"), {{"d", "AA"}}), with(ec().jwk(), {{"kid", ""}})});
  ASSERT_EQ(set.keys.size(), 1u);
  EXPECT_EQ(set.left_out, (std::vector<std::string>{
                              "key 2 (\"b\"): its use is not sig", "key 3 (\"c??\"): its kty is none of oct, RSA, EC, OKP",
                              "key 4 (\"d\"): it is a private key", "key 5 (\"\"): its kid is empty or has over 256 bytes"}));
}

TEST(PemKey, IsForTheAlgorithmOfItsType) {
  EXPECT_EQ(SignatureKey::of_pem(rsa().pem()).algorithm(), kRs256);
  EXPECT_EQ(SignatureKey::of_pem(ec().pem()).algorithm(), kEs256);
  EXPECT_EQ(SignatureKey::of_pem(edwards().pem()).algorithm(), kEdDsa);
}

TEST(PemKey, OthersAndPrivateOnesAreRefused) {
  EXPECT_THROW(SignatureKey::of_pem(rsa().pem(true)), Error);
  EXPECT_THROW(SignatureKey::of_pem(TokenSigner("RSA", 1024).pem()), Error);
  EXPECT_THROW(SignatureKey::of_pem(TokenSigner("EC", 0, "P-384").pem()), Error);
  EXPECT_THROW(SignatureKey::of_pem(TokenSigner("EC", 0, "secp256k1").pem()), Error);
  EXPECT_THROW(SignatureKey::of_pem(TokenSigner("X25519").pem()), Error);
  EXPECT_THROW(SignatureKey::of_pem(""), Error);
  EXPECT_THROW(SignatureKey::of_pem(rsa().pem() + ec().pem()), Error) << "the second one would be forgotten";
  EXPECT_THROW(SignatureKey::of_pem("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"), Error);
}

TEST(SignatureKey, Es256TakesExactly64Bytes) {
  const auto key = SignatureKey::of_public(kEs256, ec().key());
  const auto good = ec().sign("message");
  EXPECT_TRUE(key.verifies("message", good));
  EXPECT_FALSE(key.verifies("Message", good));
  for (const auto& bad : {std::string(), good.substr(1), good + '\0', '\0' + good, std::string(64, '\0'), std::string(64, '\xff'),
                          good.substr(0, 32) + std::string(32, '\0'), std::string(32, '\0') + good.substr(32)}) {
    EXPECT_FALSE(key.verifies("message", bad));
  }
}

TEST(SignatureKey, EdDsaAndEachHashOfRsaAndHmacVerify) {
  const auto edwards_key = SignatureKey::of_public(kEdDsa, edwards().key());
  EXPECT_TRUE(edwards_key.verifies("m", edwards().sign("m")));
  EXPECT_FALSE(edwards_key.verifies("n", edwards().sign("m")));
  EXPECT_FALSE(edwards_key.verifies("m", edwards().sign("m") + "x"));
  EXPECT_FALSE(edwards_key.verifies("m", std::string(64, '\0')));
  for (const auto& [algorithm, digest] : {std::pair{kRs256, "SHA256"}, {kRs384, "SHA384"}, {kRs512, "SHA512"}}) {
    const auto key = SignatureKey::of_public(algorithm, rsa().key());
    for (const char* other : {"SHA256", "SHA384", "SHA512", "SHA1"}) {
      EXPECT_EQ(key.verifies("m", rsa().sign("m", other)), std::string(other) == digest) << other;
    }
  }
  for (const auto algorithm : {kHs256, kHs384, kHs512}) {
    const auto key = SignatureKey::of_secret(algorithm, std::string(64, 's'));
    EXPECT_TRUE(key.verifies("m", hmac(algorithm, std::string(64, 's'), "m")));
    EXPECT_FALSE(key.verifies("m", hmac(algorithm, std::string(64, 't'), "m")));
    EXPECT_FALSE(key.verifies("m", ""));
  }
}

}  // namespace
}  // namespace daas
