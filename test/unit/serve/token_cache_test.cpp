#include "serve/token_cache.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "serve/refresh_token.hpp"

namespace daas {
namespace {

using nlohmann::json;

TokenCache::Entry entry(const char* who, std::uint64_t keys = 1, double from = 0, double until = 100) {
  return {std::make_shared<const json>(json{{"sub", who}}), keys, from, until};
}

TEST(TokenCache, FindsTheClaimsOfTheTokenAndOfNoOther) {
  TokenCache cache;
  cache.keep(TokenCache::name("a"), 1, entry("A"));
  cache.keep(TokenCache::name("b"), 1, entry("B"));
  EXPECT_EQ(cache.find(TokenCache::name("a"), 1, 50)->at("sub"), "A");
  EXPECT_EQ(cache.find(TokenCache::name("b"), 1, 50)->at("sub"), "B");
  EXPECT_EQ(cache.find(TokenCache::name("c"), 1, 50), nullptr);
  EXPECT_EQ(cache.find(TokenCache::name(""), 1, 50), nullptr);
}

TEST(TokenCache, AnEntryHoldsWithinItsTimesAndForItsKeys) {
  TokenCache cache;
  cache.keep(TokenCache::name("a"), 1, entry("A", 7, 10, 20));
  EXPECT_EQ(cache.find(TokenCache::name("a"), 7, 9.9), nullptr);
  EXPECT_NE(cache.find(TokenCache::name("a"), 7, 10), nullptr);
  EXPECT_NE(cache.find(TokenCache::name("a"), 7, 19.9), nullptr);
  EXPECT_EQ(cache.find(TokenCache::name("a"), 7, 20), nullptr);
  EXPECT_EQ(cache.find(TokenCache::name("a"), 6, 15), nullptr);
  EXPECT_EQ(cache.find(TokenCache::name("a"), 8, 15), nullptr);
}

TEST(TokenCache, ItsSizeIsBoundedAndWhatIsUsedStays) {
  TokenCache cache(64 * 1024);
  const auto used = TokenCache::name("used");
  cache.keep(used, 400, entry("used"));
  for (int i = 0; i < 10'000; ++i) {
    cache.keep(TokenCache::name(std::to_string(i)), 400, entry("other"));
    ASSERT_NE(cache.find(used, 1, 50), nullptr) << i;
  }
  int found = 0;
  for (int i = 0; i < 10'000; ++i) found += cache.find(TokenCache::name(std::to_string(i)), 1, 50) != nullptr;
  EXPECT_LE(found, 64 * 1024 / 528 + 16);
  EXPECT_GT(found, 10);
}

TEST(RefreshToken, IsMadeOnceAndReadBack) {
  const auto token = new_refresh_token();
  EXPECT_EQ(token.session.size(), 22u);
  EXPECT_EQ(token.secret.size(), 43u);
  const auto read = parse_refresh_token(token.text());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->session, token.session);
  EXPECT_EQ(read->secret, token.secret);
  const auto other = new_refresh_token();
  EXPECT_NE(other.session, token.session);
  EXPECT_NE(other.secret, token.secret);
  const auto next = next_refresh_token(token);
  EXPECT_EQ(next.session, token.session);
  EXPECT_NE(next.secret, token.secret);
  EXPECT_EQ(token.session_hash().size(), 2u + 64);
  EXPECT_EQ(token.session_hash().find(token.session), std::string::npos);
}

TEST(RefreshToken, NothingElseIsOne) {
  const auto good = new_refresh_token().text();
  for (const auto& bad : {std::string(), std::string("."), good + "A", good.substr(1), "." + good, good + ".", good.substr(0, 22), good.substr(23),
                          good.substr(0, 22) + "+" + good.substr(22), std::string(100'000, 'A')}) {
    EXPECT_FALSE(parse_refresh_token(bad)) << bad.substr(0, 80);
  }
}

TEST(RefreshToken, TheBodyIsOneJsonObject) {
  const auto good = new_refresh_token().text();
  EXPECT_EQ(refresh_token_of(R"({"refresh_token":")" + good + "\"}").text(), good);
  const auto status = [](const std::string& body) {
    try {
      refresh_token_of(body);
      return 200u;
    } catch (const Refusal& refusal) {
      return refusal.error().status;
    }
  };
  for (const auto& bad : {std::string(), std::string("{}"), std::string("[]"), good, "refresh_token=" + good, std::string(R"({"refresh_token":1})"),
                          std::string(R"({"refresh_token":null})"), R"({"refresh_token":")" + good + R"(","refresh_token":"x"})", std::string("{\"refresh_token\":\"\xff\"}")}) {
    EXPECT_EQ(status(bad), 400u) << bad;
  }
  EXPECT_EQ(status(R"({"refresh_token":"x"})"), 401u);
}

}  // namespace
}  // namespace daas
