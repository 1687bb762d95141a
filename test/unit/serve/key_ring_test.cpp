#include "serve/key_ring.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <cstdio>
#include <fstream>
#include <future>
#include <thread>

#include "core/error.hpp"
#include "serve/token.hpp"
#include "token_signer.hpp"
#include "serve/web_document.hpp"

namespace daas {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using enum SignatureAlgorithm;

const auto kThen = TokenAuthority::Clock::time_point(std::chrono::seconds(1'700'000'000));
const std::string kIdpClaims = R"({"exp":1700003600,"iss":"idp","aud":"us"})";
const std::string kOwnKey = "0123456789abcdef0123456789abcdef";

/// A file of this test's own, gone with it.
class TestFile {
 public:
  explicit TestFile(const std::string& text) {
    const int file = mkstemp(path_.data());
    if (file >= 0) close(file);
    write(text);
  }
  ~TestFile() { std::remove(path_.c_str()); }
  void write(const std::string& text) { std::ofstream(path_, std::ios::trunc) << text; }
  const std::string& path() const { return path_; }

 private:
  std::string path_ = testing::TempDir() + "daas-keys-XXXXXX";
};

std::string set_text(const std::vector<json>& keys) { return json{{"keys", keys}}.dump(); }

std::string verdict(const TokenAuthority& tokens, const std::string& token) {
  try {
    tokens.verify(token, kThen);
    return "accepted";
  } catch (const UnknownKey& unknown) {
    return "unknown key " + std::to_string(unknown.error().status);
  } catch (const Refusal& refusal) {
    EXPECT_EQ(refusal.error().status, 401u);
    return refusal.error().code;
  }
}

TokenAuthority::Settings idp_settings() {
  TokenAuthority::Settings settings{kOwnKey, "daas", "daas", 3600s};
  settings.others = {"idp", "us"};
  return settings;
}

std::string own_token(const std::string& header, const std::string& payload, const std::string& key = kOwnKey) {
  const auto part = base64url(header) + "." + base64url(payload);
  return part + "." + base64url(hmac_sha256(key, part));
}

struct Issuer {
  TokenSigner rsa{"RSA"}, ec{"EC"}, edwards{"ED25519"};
  TestFile set{set_text({rsa.jwk("r"), ec.jwk("e"), edwards.jwk("d")})};
  KeyRing ring{{{}, {set.path()}, {}}};
  TokenAuthority tokens{idp_settings(), &ring};
};

Issuer& issuer() {
  static Issuer one;
  return one;
}

TEST(KeyRing, TokensOfEveryKindOfKeyAreGood) {
  auto& one = issuer();
  EXPECT_EQ(verdict(one.tokens, one.rsa.token(R"({"alg":"RS256","kid":"r"})", kIdpClaims)), "accepted");
  EXPECT_EQ(verdict(one.tokens, one.ec.token(R"({"alg":"ES256","kid":"e"})", kIdpClaims)), "accepted");
  EXPECT_EQ(verdict(one.tokens, one.edwards.token(R"({"alg":"EdDSA","kid":"d"})", kIdpClaims)), "accepted");
  EXPECT_EQ(verdict(one.tokens, one.rsa.token(R"({"alg":"RS256"})", kIdpClaims)), "accepted") << "one key of its alg";
}

TEST(KeyRing, TheAlgorithmIsTheKeysAndNotTheTokens) {
  auto& one = issuer();
  for (const char* digest : {"SHA384", "SHA512"}) {
    const auto name = std::string("RS") + (digest + 3);
    EXPECT_NE(verdict(one.tokens, one.rsa.token(R"({"alg":")" + name + R"(","kid":"r"})", kIdpClaims, digest)), "accepted") << digest;
  }
  for (const char* algorithm : {"none", "None", "NONE", "", "PS256", "ES256", "HS256", "rs256", "RS256 ", "RS256\\u0000"}) {
    const auto header = std::string(R"({"kid":"r","alg":")") + algorithm + "\"}";
    EXPECT_NE(verdict(one.tokens, one.rsa.token(header, kIdpClaims)), "accepted") << algorithm;
    EXPECT_NE(verdict(one.tokens, base64url(header) + "." + base64url(kIdpClaims) + "."), "accepted") << algorithm;
  }
}

TEST(KeyRing, APublicKeyIsNoHmacSecret) {
  auto& one = issuer();
  const json rsa = one.rsa.jwk();
  const auto pem = one.rsa.pem();
  const auto modulus = base64_decode(rsa["n"].get<std::string>(), Base64Alphabet::kUrl).value();
  for (const auto& secret : {pem, pem.substr(0, pem.size() - 1), rsa.dump(), rsa["n"].get<std::string>(), modulus, std::string()}) {
    for (const char* id : {"r", "e", "d"}) {
      EXPECT_NE(verdict(one.tokens, own_token(std::string(R"({"alg":"HS256","kid":")") + id + "\"}", kIdpClaims, secret)), "accepted");
      EXPECT_NE(verdict(one.tokens, own_token(std::string(R"({"alg":"RS256","kid":")") + id + "\"}", kIdpClaims, secret)), "accepted");
    }
  }
}

TEST(KeyRing, KidOnlySelectsAmongTheKeysThereAre) {
  auto& one = issuer();
  for (const char* id : {"x", "", "R", "r ", "../r", "/dev/null", "r' OR '1'='1", "http://a.example/r"}) {
    const auto header = json{{"alg", "RS256"}, {"kid", id}}.dump();
    EXPECT_EQ(verdict(one.tokens, one.rsa.token(header, kIdpClaims)), "unknown key 401") << id;
  }
  EXPECT_EQ(verdict(one.tokens, one.ec.token(R"({"alg":"ES256","kid":"r"})", kIdpClaims)), "PGRST301") << "known, and of another alg";
  for (const char* id : {"null", "1", "[\"r\"]", "{}"}) {
    EXPECT_EQ(verdict(one.tokens, one.rsa.token(std::string(R"({"alg":"RS256","kid":)") + id + "}", kIdpClaims)), "PGRST301") << id;
  }
}

TEST(KeyRing, ATokenThatBringsItsOwnKeyIsRefused) {
  auto& one = issuer();
  const TokenSigner stranger("RSA");
  for (const json& member : {json{{"jwk", stranger.jwk()}}, json{{"jku", "https://a.example/keys"}}, json{{"x5u", "https://a.example/c"}},
                             json{{"x5c", {"MII"}}}, json{{"jku", "file:///etc/passwd"}}, json{{"jwk", nullptr}}, json{{"crit", {"exp"}}}}) {
    json header{{"alg", "RS256"}, {"kid", "r"}};
    header.update(member);
    EXPECT_EQ(verdict(one.tokens, stranger.token(header.dump(), kIdpClaims)), "PGRST301") << header;
    EXPECT_EQ(verdict(one.tokens, one.rsa.token(header.dump(), kIdpClaims)), "PGRST301") << header << " of a good key";
  }
}

TEST(KeyRing, AKeysTokensAreOfItsIssuerAndNobodyElses) {
  auto& one = issuer();
  const std::string ours = R"({"exp":1700003600,"iss":"daas","aud":"daas"})";
  EXPECT_EQ(verdict(one.tokens, one.rsa.token(R"({"alg":"RS256","kid":"r"})", ours)), "PGRST303") << "the issuer passes for us";
  EXPECT_EQ(verdict(one.tokens, own_token(R"({"alg":"HS256"})", kIdpClaims)), "PGRST303") << "we pass for the issuer";
  EXPECT_EQ(verdict(one.tokens, own_token(R"({"alg":"HS256"})", ours)), "accepted");
  EXPECT_EQ(verdict(one.tokens, own_token(R"({"alg":"HS256","kid":"r"})", ours)), "accepted") << "our key has no kid";
}

TEST(KeyRing, TwoKeysOfOneAlgNeedTheKid) {
  const TokenSigner a("EC"), b("EC");
  const TestFile set(set_text({a.jwk("a"), b.jwk("b")}));
  const KeyRing ring({{}, {set.path()}, {}});
  const TokenAuthority tokens(idp_settings(), &ring);
  EXPECT_EQ(verdict(tokens, a.token(R"({"alg":"ES256","kid":"a"})", kIdpClaims)), "accepted");
  EXPECT_EQ(verdict(tokens, b.token(R"({"alg":"ES256","kid":"b"})", kIdpClaims)), "accepted");
  EXPECT_EQ(verdict(tokens, a.token(R"({"alg":"ES256","kid":"b"})", kIdpClaims)), "PGRST301");
  EXPECT_EQ(verdict(tokens, a.token(R"({"alg":"ES256"})", kIdpClaims)), "PGRST301");
}

TEST(KeyRing, APemKeyIsForTokensOfAnyKid) {
  const TokenSigner a("EC"), b("EC");
  const TestFile first(a.pem()), second(b.pem());
  const KeyRing ring({{first.path(), second.path()}, {}, {}});
  const TokenAuthority tokens(idp_settings(), &ring);
  EXPECT_EQ(verdict(tokens, a.token(R"({"alg":"ES256","kid":"2024"})", kIdpClaims)), "accepted");
  EXPECT_EQ(verdict(tokens, b.token(R"({"alg":"ES256"})", kIdpClaims)), "accepted");
}

/// Reads the sources again, and returns when that is done; false when it is refused.
bool refetch(KeyRing& ring) {
  const auto done = std::make_shared<std::promise<void>>();
  if (!ring.refetch([done] { done->set_value(); })) return false;
  return done->get_future().wait_for(10s) == std::future_status::ready;
}

TEST(KeyRing, KeysThatChangeTakeEffectAlsoForTokensThatWereVerified) {
  const TokenSigner a("EC"), b("EC");
  TestFile set(set_text({a.jwk("a")}));
  KeyRing ring({{}, {set.path()}, {}, 1h, 0ms});
  const TokenAuthority tokens(idp_settings(), &ring);
  const auto old_token = a.token(R"({"alg":"ES256","kid":"a"})", kIdpClaims), new_token = b.token(R"({"alg":"ES256","kid":"b"})", kIdpClaims);
  EXPECT_EQ(verdict(tokens, old_token), "accepted");
  EXPECT_EQ(verdict(tokens, new_token), "unknown key 401");
  set.write(set_text({b.jwk("b")}));
  ASSERT_TRUE(refetch(ring));
  EXPECT_EQ(verdict(tokens, new_token), "accepted");
  EXPECT_EQ(verdict(tokens, old_token), "unknown key 401");
  // Nonsense, and nothing at all: the last keys stay.
  set.write("{");
  ASSERT_TRUE(refetch(ring));
  EXPECT_EQ(verdict(tokens, new_token), "accepted");
  std::remove(set.path().c_str());
  ASSERT_TRUE(refetch(ring));
  EXPECT_EQ(verdict(tokens, new_token), "accepted");
  EXPECT_EQ(ring.trouble(), "");
}

TEST(KeyRing, ThreadsThatVerifyWhileKeysChangeSeeOneSetOrTheOther) {
  const TokenSigner a("EC"), b("EC"), always("EC");
  const auto text = [&](bool first) { return set_text({always.jwk("always"), first ? a.jwk("a") : b.jwk("b")}); };
  TestFile set(text(true));
  KeyRing ring({{}, {set.path()}, {}, 1h, 0ms});
  const TokenAuthority tokens(idp_settings(), &ring);
  const auto steady = always.token(R"({"alg":"ES256","kid":"always"})", kIdpClaims), changing = a.token(R"({"alg":"ES256","kid":"a"})", kIdpClaims);
  std::atomic<bool> end{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      while (!end) {
        wrong += verdict(tokens, steady) != "accepted";
        const auto said = verdict(tokens, changing);
        wrong += said != "accepted" && said != "unknown key 401";
      }
    });
  }
  for (int turn = 0; turn < 20; ++turn) {
    set.write(text(turn % 2 == 1));
    EXPECT_TRUE(refetch(ring));
    EXPECT_EQ(verdict(tokens, changing), turn % 2 == 1 ? "accepted" : "unknown key 401");
  }
  end = true;
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(KeyRing, TokensThatSomebodyMadeUpDontMakeItRead) {
  const TokenSigner a("EC");
  const TestFile set(set_text({a.jwk("a")}));
  KeyRing ring({{}, {set.path()}, {}, 1h, 1h});
  EXPECT_TRUE(refetch(ring));
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(ring.refetch([] { FAIL(); }));
}

TEST(KeyRing, UntilAnAddressHasBeenReadItsTokensAreNobodysFault) {
  const TokenSigner a("EC"), b("EC");
  const TestFile pem(b.pem());
  KeyRing ring({{pem.path()}, {"http://127.0.0.1:1/keys"}, {}, 1h, 1h});
  const TokenAuthority tokens(idp_settings(), &ring);
  EXPECT_EQ(verdict(tokens, a.token(R"({"alg":"ES256","kid":"a"})", kIdpClaims)), "unknown key 503");
  EXPECT_EQ(verdict(tokens, b.token(R"({"alg":"ES256","kid":"b"})", kIdpClaims)), "accepted");
  EXPECT_EQ(verdict(tokens, own_token(R"({"alg":"HS256"})", R"({"exp":1700003600,"iss":"daas","aud":"daas"})")), "accepted");
  EXPECT_NE(ring.trouble().find("http://127.0.0.1:1/keys"), std::string::npos);
}

TEST(KeyRing, FilesThatCantBeUsedStopTheStart) {
  const TestFile empty(""), secret(set_text({json{{"kty", "oct"}, {"alg", "HS256"}, {"k", base64url(std::string(32, 's'))}}}));
  EXPECT_THROW(KeyRing({{}, {empty.path()}, {}}), Error);
  EXPECT_THROW(KeyRing({{empty.path()}, {}, {}}), Error);
  EXPECT_THROW(KeyRing({{}, {empty.path() + ".none"}, {}}), Error);
  EXPECT_NO_THROW(KeyRing({{}, {secret.path()}, {}}));
  chmod(secret.path().c_str(), 0644);
  EXPECT_THROW(KeyRing({{}, {secret.path()}, {}}), Error) << "a secret that others can read";
}

TEST(WebAddress, IsHttpsOrOnTheLoopback) {
  for (const char* good : {"https://idp.example/keys", "https://idp.example:8443/a?b=c", "http://127.0.0.1:80/", "http://localhost/keys", "http://[::1]:8080/keys"}) {
    EXPECT_NO_THROW(check_web_address(good)) << good;
  }
  for (const char* bad : {"http://idp.example/keys", "http://127.0.0.1.evil.example/", "http://localhost.evil.example/", "http://127.evil.example/", "file:///etc/passwd", "ftp://127.0.0.1/keys", "gopher://127.0.0.1/",
                          "https://user:pass@idp.example/", "http://user@127.0.0.1/", "https://", "://", "keys"}) {
    EXPECT_THROW(check_web_address(bad), Error) << bad;
  }
}

}  // namespace
}  // namespace daas
