#include "serve/answer_cache.hpp"

#include <gtest/gtest.h>

namespace daas {
namespace {

using namespace std::chrono_literals;

constexpr CollectionState kFirst{100, 1};
constexpr CollectionState kSecond{200, 2};

AnswerCache::Answer answer(std::size_t size = 10) {
  return std::make_shared<const ServerResponse>(ServerResponse{200, {}, std::string(size, 'x')});
}

class Cache : public testing::Test {
 protected:
  bool finds(std::string_view key, AnswerCache::TimePoint when, Lsn past = 0) {
    return cache.find("c", key, past, when) != nullptr;
  }

  AnswerCache cache{10'000, 10ms};
  AnswerCache::TimePoint begin = std::chrono::steady_clock::now();
};

TEST_F(Cache, AnAnswerIsGivenAgainForTheTermOfTheLastLook) {
  cache.renew("c", kFirst, begin);
  cache.keep("c", "key", kFirst, answer());
  EXPECT_TRUE(finds("key", begin + 5ms));
  EXPECT_FALSE(finds("key", begin + 11ms));
  cache.renew("c", kFirst, begin + 11ms);
  EXPECT_TRUE(finds("key", begin + 16ms));
  EXPECT_FALSE(finds("other", begin + 16ms));
}

TEST_F(Cache, OneCallerRenewsTheLeaseBeforeItEndsForAll) {
  cache.renew("c", kFirst, begin);
  cache.keep("c", "key", kFirst, answer());
  EXPECT_FALSE(finds("key", begin + 6ms)) << "who is sent to search";
  EXPECT_TRUE(finds("key", begin + 6ms));
  EXPECT_TRUE(finds("key", begin + 10ms));
  EXPECT_FALSE(finds("key", begin + 11ms)) << "the search has not come back";
  cache.renew("c", kFirst, begin + 6ms);
  EXPECT_TRUE(finds("key", begin + 11ms));
  EXPECT_FALSE(finds("key", begin + 12ms)) << "the next one";
}

TEST_F(Cache, NothingIsGivenBeforeTheFirstLook) {
  cache.keep("c", "key", kFirst, answer());
  EXPECT_FALSE(finds("key", begin));
}

TEST_F(Cache, ACommitThatAnySearchSawEndsTheAnswersOfBefore) {
  cache.renew("c", kFirst, begin);
  cache.keep("c", "key", kFirst, answer());
  cache.renew("c", kSecond, begin + 1ms);
  EXPECT_FALSE(finds("key", begin + 1ms));
  cache.keep("c", "key", kSecond, answer());
  EXPECT_TRUE(finds("key", begin + 2ms));
}

TEST_F(Cache, TheSamePositionUnderAnotherFenceIsAnotherState) {
  cache.renew("c", kFirst, begin);
  cache.keep("c", "key", kFirst, answer());
  cache.renew("c", {kFirst.position, kFirst.fence + 1}, begin);
  EXPECT_FALSE(finds("key", begin));
}

TEST_F(Cache, AReplicaThatLagsBringsNothingBack) {
  cache.renew("c", kFirst, begin);
  cache.keep("c", "key", kFirst, answer());
  cache.renew("c", kSecond, begin + 1ms);
  cache.renew("c", kFirst, begin + 2ms);
  cache.keep("c", "key", kFirst, answer());
  EXPECT_FALSE(finds("key", begin + 2ms));
}

TEST_F(Cache, ACollectionThatWentBackIsBelievedAfterTheTerm) {
  cache.renew("c", kSecond, begin);
  cache.renew("c", kFirst, begin + 20ms);
  cache.keep("c", "key", kFirst, answer());
  EXPECT_TRUE(finds("key", begin + 20ms));
}

TEST_F(Cache, WhoAsksForAPositionGetsOnlyWhatIsPastIt) {
  cache.renew("c", kFirst, begin);
  cache.keep("c", "key", kFirst, answer());
  EXPECT_TRUE(finds("key", begin, 99));
  EXPECT_FALSE(finds("key", begin, 100));
}

TEST_F(Cache, WhatWasUsedLongestAgoMakesRoom) {
  cache.renew("c", kFirst, begin);
  for (const auto* key : {"a", "b", "c", "d", "e", "f", "g", "h", "i"}) {
    cache.keep("c", key, kFirst, answer(800));
    EXPECT_TRUE(finds("a", begin));
  }
  cache.keep("c", "j", kFirst, answer(800));
  EXPECT_TRUE(finds("a", begin));
  EXPECT_FALSE(finds("b", begin));
  EXPECT_TRUE(finds("j", begin));
}

TEST_F(Cache, OneAnswerDoesNotPushOutAllOthers) {
  cache.renew("c", kFirst, begin);
  cache.keep("c", "key", kFirst, answer(2'000));
  EXPECT_FALSE(finds("key", begin));
}

}  // namespace
}  // namespace daas
