#include "serve/token.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "core/error.hpp"
#include "serve/base64.hpp"
#include "serve/strict_json.hpp"

namespace daas {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

const std::string kKey = "0123456789abcdef0123456789abcdef";
const auto kNow = TokenAuthority::Clock::time_point(std::chrono::seconds(1'700'000'000));

TokenAuthority authority(std::string issuer = {}, std::string audience = {}) {
  return TokenAuthority({kKey, std::move(issuer), std::move(audience), 3600s});
}

/// A token with a good signature over any header and payload.
std::string sign(const std::string& header, const std::string& payload) {
  const auto part = base64_encode(header, Base64Alphabet::kUrl) + "." +
                    base64_encode(payload, Base64Alphabet::kUrl);
  return part + "." + base64_encode(hmac_sha256(kKey, part), Base64Alphabet::kUrl);
}

const std::string kHeader = R"({"alg":"HS256","typ":"JWT"})";

std::string code_of(const TokenAuthority& tokens, const std::string& token) {
  try {
    tokens.verify(token, kNow);
    return "accepted";
  } catch (const Refusal& refusal) {
    EXPECT_EQ(refusal.error().status, 401u);
    EXPECT_EQ(refusal.error().headers.at(0).first, "WWW-Authenticate");
    return refusal.error().code;
  }
}

std::string code_of(const std::string& payload) {
  return code_of(authority(), sign(kHeader, payload));
}

TEST(Token, AnIssuedTokenVerifiesAndKeepsItsClaims) {
  const auto tokens = authority("daas", "desk");
  const json claims = tokens.verify(tokens.issue("ewr_desk", {{"airports", {"EWR"}}}, kNow), kNow);
  EXPECT_EQ(claims.at("airports"), json({"EWR"}));
  EXPECT_EQ(claims.at("sub"), "ewr_desk");
  EXPECT_EQ(claims.at("iss"), "daas");
  EXPECT_EQ(claims.at("aud"), "desk");
  EXPECT_EQ(claims.at("exp"), 1'700'003'600);
}

TEST(Token, RegisteredClaimsOfAnAccountAreDropped) {
  const auto tokens = authority();
  const json claims = tokens.verify(
      tokens.issue("a", {{"exp", 9e15}, {"sub", "root"}, {"iss", "x"}, {"jti", "1"}, {"nbf", 0}},
                   kNow),
      kNow);
  EXPECT_EQ(claims.at("exp"), 1'700'003'600);
  EXPECT_EQ(claims.at("sub"), "a");
  EXPECT_FALSE(claims.contains("iss"));
  EXPECT_FALSE(claims.contains("jti"));
  EXPECT_FALSE(claims.contains("nbf"));
}

TEST(Token, ExpiresWithThirtySecondsOfSkew) {
  EXPECT_EQ(code_of(R"({"exp":1700000001})"), "accepted");
  EXPECT_EQ(code_of(R"({"exp":1699999971})"), "accepted");
  EXPECT_EQ(code_of(R"({"exp":1699999970})"), "PGRST303");
  EXPECT_EQ(code_of(R"({"exp":1699999971.5})"), "accepted");
}

TEST(Token, ExpIsRequiredAndANumber) {
  for (const char* payload : {"{}", R"({"exp":"1700003600"})", R"({"exp":null})",
                              R"({"exp":[1700003600]})", R"({"exp":true})", R"({"exp":-1})"}) {
    EXPECT_EQ(code_of(payload), "PGRST303") << payload;
  }
}

TEST(Token, NbfAndIatInTheFutureAreRefused) {
  EXPECT_EQ(code_of(R"({"exp":1700003600,"nbf":1700000030})"), "accepted");
  EXPECT_EQ(code_of(R"({"exp":1700003600,"nbf":1700000031})"), "PGRST303");
  EXPECT_EQ(code_of(R"({"exp":1700003600,"nbf":"soon"})"), "PGRST303");
  EXPECT_EQ(code_of(R"({"exp":1700003600,"iat":1700000031})"), "PGRST303");
}

TEST(Token, IssuerAndAudienceAreCheckedWhenConfigured) {
  const auto tokens = authority("daas", "desk");
  const auto code = [&](const std::string& payload) {
    return code_of(tokens, sign(kHeader, payload));
  };
  EXPECT_EQ(code(R"({"exp":1700003600,"iss":"daas","aud":"desk"})"), "accepted");
  EXPECT_EQ(code(R"({"exp":1700003600,"iss":"daas","aud":["other","desk"]})"), "accepted");
  EXPECT_EQ(code(R"({"exp":1700003600,"iss":"daas","aud":[]})"), "PGRST303");
  EXPECT_EQ(code(R"({"exp":1700003600,"iss":"daas","aud":{"desk":1}})"), "PGRST303");
  EXPECT_EQ(code(R"({"exp":1700003600,"iss":"daas"})"), "PGRST303");
  EXPECT_EQ(code(R"({"exp":1700003600,"aud":"desk"})"), "PGRST303");
  EXPECT_EQ(code(R"({"exp":1700003600,"iss":["daas"],"aud":"desk"})"), "PGRST303");
  EXPECT_EQ(code(R"({"exp":1700003600,"iss":"daas ","aud":"desk"})"), "PGRST303");
}

TEST(Token, ADuplicateMemberIsRefusedInHeaderAndPayload) {
  EXPECT_EQ(code_of(R"({"exp":1,"exp":1700003600})"), "PGRST301");
  EXPECT_EQ(code_of(R"({"exp":1700003600,"a":{"b":1,"b":2}})"), "PGRST301");
  EXPECT_EQ(code_of(authority(), sign(R"({"alg":"none","alg":"HS256"})", R"({"exp":1700003600})")),
            "PGRST301");
}

TEST(Token, TheHeaderMustSayHs256AndNothingCritical) {
  for (const char* header :
       {R"({"alg":"none"})", R"({"alg":"hs256"})", R"({"alg":"HS512"})", R"({"alg":["HS256"]})",
        R"({"typ":"JWT"})", "[]", "", "null", R"("HS256")",
        R"({"alg":"HS256","crit":["exp"],"exp":1})", R"({"alg":"HS256","crit":[]})",
        R"({"alg":"HS256"} )"
        "x",
        "{\"alg\":\"HS256\xff\"}"}) {
    EXPECT_EQ(code_of(authority(), sign(header, R"({"exp":1700003600})")), "PGRST301") << header;
  }
}

TEST(Token, APayloadThatIsNotOneObjectIsRefused) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += R"({"a":)";
  for (const std::string& payload :
       {std::string("[]"), std::string("1"), std::string(""), std::string("{} {}"),
        std::string("{\"exp\":1700003600"), deep, std::string("{\"a\":\"\xc0\x80\"}")}) {
    EXPECT_EQ(code_of(payload), "PGRST301") << payload.substr(0, 20);
  }
}

TEST(Token, EveryChangedByteOfATokenIsRefused) {
  const auto tokens = authority();
  const auto good = tokens.issue("a", {{"x", 1}}, kNow);
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const char c : {'A', 'z', '.', '=', '\0', '\xff'}) {
      if (good[i] == c) continue;
      auto bad = good;
      bad[i] = c;
      EXPECT_EQ(code_of(tokens, bad), "PGRST301") << i;
    }
    EXPECT_EQ(code_of(tokens, good.substr(0, i)), "PGRST301") << i;
  }
}

TEST(Token, AShortKeyIsRefused) {
  EXPECT_THROW(TokenAuthority({std::string(31, 'k'), {}, {}, 1s}), Error);
}

TEST(Token, LeewayIsWhatIsConfigured) {
  TokenAuthority::Settings settings{kKey, {}, {}, 3600s};
  settings.leeway = 0s;
  const TokenAuthority strict(settings);
  EXPECT_EQ(code_of(strict, sign(kHeader, R"({"exp":1700000001})")), "accepted");
  EXPECT_EQ(code_of(strict, sign(kHeader, R"({"exp":1700000000})")), "PGRST303");
  EXPECT_EQ(code_of(strict, sign(kHeader, R"({"exp":1700003600,"nbf":1700000001})")), "PGRST303");
  settings.leeway = 300s;
  const TokenAuthority lenient(settings);
  EXPECT_EQ(code_of(lenient, sign(kHeader, R"({"exp":1699999701})")), "accepted");
  EXPECT_EQ(code_of(lenient, sign(kHeader, R"({"exp":1699999700})")), "PGRST303");
}

TEST(Token, ExpOfAnySizeIsANumberAndNothingElse) {
  for (const char* payload : {R"({"exp":1700000000.5})", R"({"exp":1e300})", R"({"exp":18446744073709551615})",
                              R"({"exp":99999999999999999999999999})", R"({"exp":1.7000036e9})"}) {
    EXPECT_EQ(code_of(payload), "accepted") << payload;
  }
  for (const char* payload : {R"({"exp":-1e300})", R"({"exp":-0.0})", R"({"exp":"1e300"})", R"({"exp":{}})", R"({"exp":false})"}) {
    EXPECT_EQ(code_of(payload), "PGRST303") << payload;
  }
  EXPECT_EQ(code_of(R"({"exp":1e999})"), "PGRST301") << "no number of JSON's that a double holds";
  EXPECT_EQ(code_of(R"({"exp":NaN})"), "PGRST301");
}

TEST(Token, SubAndIssAreStrings) {
  for (const char* payload : {R"({"exp":1700003600,"sub":1})", R"({"exp":1700003600,"sub":null})", R"({"exp":1700003600,"sub":["a"]})",
                              R"({"exp":1700003600,"iss":["daas"]})", R"({"exp":1700003600,"iss":null})"}) {
    EXPECT_EQ(code_of(payload), "PGRST303") << payload;
  }
}

TEST(Token, WhatSaysThatItIsNoAccessTokenIsNone) {
  const auto code = [](const std::string& type) {
    return code_of(authority(), sign(R"({"alg":"HS256","typ":)" + type + "}", R"({"exp":1700003600})"));
  };
  for (const char* type : {R"("JWT")", R"("jwt")", R"("at+jwt")", R"("application/at+JWT")", R"("application/jwt")"}) EXPECT_EQ(code(type), "accepted") << type;
  for (const char* type : {R"("dpop+jwt")", R"("logout+jwt")", R"("secevent+jwt")", R"("JWS")", R"("")", "null", "[\"JWT\"]"}) EXPECT_EQ(code(type), "PGRST301") << type;
}

TEST(Token, AVerifiedTokenIsNotBelievedWhenItHasExpired) {
  const auto tokens = authority();
  const auto token = sign(kHeader, R"({"exp":1700000100,"nbf":1699999000})");
  for (int i = 0; i < 3; ++i) EXPECT_NO_THROW(tokens.verify(token, kNow));
  EXPECT_NO_THROW(tokens.verify(token, kNow + 129s));
  EXPECT_THROW(tokens.verify(token, kNow + 130s), Refusal);
  EXPECT_NO_THROW(tokens.verify(token, kNow));
  EXPECT_THROW(tokens.verify(token, kNow - 1100s), Refusal);
}

TEST(Token, OneThatIsTooLongIsRefusedUnread) {
  const auto claims = R"({"exp":1700003600,"a":")" + std::string(20'000, 'x') + "\"}";
  EXPECT_EQ(code_of(claims), "PGRST301");
  EXPECT_EQ(code_of(R"({"exp":1700003600,"a":")" + std::string(10'000, 'x') + "\"}"), "accepted");
}

TEST(Authorization, IsABearerTokenOrRefused) {
  EXPECT_FALSE(bearer_token("").has_value());
  EXPECT_EQ(bearer_token("Bearer a.b.c"), "a.b.c");
  EXPECT_EQ(bearer_token("bEaReR   a.b.c"), "a.b.c");
  for (const char* other : {"Basic YTpi", "Bearer", "Bearer ", "Bearera", " Bearer a", "x"}) {
    EXPECT_THROW(bearer_token(other), Refusal) << other;
  }
}

TEST(Base64, DecodesOnlyWhatTheEncoderWrites) {
  EXPECT_EQ(base64_encode("a:b", Base64Alphabet::kStandard), "YTpi");
  EXPECT_EQ(base64_encode("ab", Base64Alphabet::kStandard), "YWI=");
  EXPECT_EQ(base64_encode("ab", Base64Alphabet::kUrl), "YWI");
  EXPECT_EQ(base64_decode("YWI=", Base64Alphabet::kStandard), "ab");
  EXPECT_EQ(base64_decode("", Base64Alphabet::kUrl), "");
  for (const char* bad : {"YWI=", "YW I", "A", "YWJ", "_-+/", "YWI\n"}) {
    EXPECT_FALSE(base64_decode(bad, Base64Alphabet::kUrl).has_value()) << bad;
  }
  for (const char* bad : {"YWI", "YW=I", "=", "====", "YQ=", "YWJ="}) {
    EXPECT_FALSE(base64_decode(bad, Base64Alphabet::kStandard).has_value()) << bad;
  }
}

}  // namespace
}  // namespace daas
