#include "pipeline/namespace_claim.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"

namespace daas {
namespace {

const NamespaceClaim kClaim{"7/5", 2, 10, 100, 30, "run", "host, pid 1"};
const Standing kSame{"7/5", 2, 10, 100};

Succession of(const NamespaceClaim& claim, const Standing& ours, bool adopt = false) {
  return succeed(to_text(claim), ours, adopt, "shop");
}

/// The words and the hint of a refusal.
std::string refusal(const NamespaceClaim& claim, const Standing& ours) {
  try {
    of(claim, ours);
  } catch (const Error& error) {
    EXPECT_EQ(error.remedy(), Remedy::kRetry);
    return error.what() + std::string("; ") + error.hint();
  }
  return {};
}

TEST(NamespaceClaim, ComesBackFromItsText) {
  EXPECT_EQ(parse_claim(to_text(kClaim)), kClaim);
  EXPECT_EQ(claim_property("shop"), "ext.daas.shop");
}

TEST(NamespaceClaim, WhatIsNoClaimIsNone) {
  for (const auto* text : {"", "{}", "[]", "null", R"({"owner":1})", "{\"owner\":\"7/5\"}", "\xff"}) {
    EXPECT_FALSE(parse_claim(text)) << text;
  }
}

TEST(NamespaceClaim, NamespaceWithoutClaimIsFree) {
  const auto succession = succeed(std::nullopt, kSame, false, "shop");
  EXPECT_EQ(succession.missed, "");
  EXPECT_EQ(succession.epoch_after, 0);
}

TEST(NamespaceClaim, DatabaseThatKnowsAsMuchOrMoreGoesOn) {
  EXPECT_EQ(of(kClaim, kSame).missed, "");
  EXPECT_EQ(of(kClaim, {"7/5", 2, 11, 130}).missed, "");
}

TEST(NamespaceClaim, ClaimThatCannotBeReadLoadsAnew) {
  EXPECT_NE(succeed("nonsense", kSame, false, "shop").missed, "");
}

TEST(NamespaceClaim, DatabaseThatKnowsLessWentBackAndWaitsForTheDead) {
  for (const Standing& ours : {Standing{"7/5", 2, 9, 90}, Standing{"7/5", 2, 10, 99}, Standing{"7/5", 2, 0, 0}}) {
    const auto succession = of(kClaim, ours);
    EXPECT_NE(succession.missed.find("earlier state"), std::string::npos);
    EXPECT_TRUE(succession.only_from_the_dead);
    EXPECT_EQ(succession.epoch_after, 10);
    EXPECT_EQ(succession.beat_after, 100);
    EXPECT_EQ(succession.generation_after, 30);
    EXPECT_FALSE(of(kClaim, ours, true).only_from_the_dead);
  }
}

TEST(NamespaceClaim, PromotedServerTakesOverAtOnceAndTheOldOneIsRefused) {
  const auto succession = of(kClaim, {"7/5", 3, 10, 100});
  EXPECT_NE(succession.missed.find("timeline 2 became 3"), std::string::npos);
  EXPECT_FALSE(succession.only_from_the_dead);
  const auto words = refusal(kClaim, {"7/5", 1, 20, 200});
  EXPECT_NE(words.find("timeline 2"), std::string::npos) << words;
  EXPECT_NE(words.find("--adopt"), std::string::npos) << words;
  EXPECT_NE(of(kClaim, {"7/5", 1, 20, 200}, true).missed, "");
}

TEST(NamespaceClaim, AnotherDatabaseIsRefusedUnlessItAdopts) {
  const auto words = refusal(kClaim, {"7/6", 2, 10, 100});
  EXPECT_NE(words.find("7/5"), std::string::npos) << words;
  EXPECT_NE(words.find("host, pid 1"), std::string::npos) << words;
  EXPECT_NE(words.find("--solr-namespace"), std::string::npos) << words;
  const auto succession = of(kClaim, {"7/6", 2, 10, 100}, true);
  EXPECT_NE(succession.missed, "");
  EXPECT_EQ(succession.epoch_after, 10);
}

}  // namespace
}  // namespace daas
