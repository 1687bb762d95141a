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
  /// As whoever does not wait: given the answer, or sent to search.
  bool finds(const std::string& key, AnswerCache::TimePoint when, Lsn past = 0) {
    const auto found = cache.find("c", key, past, when, AnswerCache::Wait::kNone, nullptr);
    EXPECT_FALSE(found.waits);
    EXPECT_NE(found.answer != nullptr, found.search != nullptr);
    return found.answer != nullptr;
  }
  AnswerCache::Found asks(const std::string& key, AnswerCache::TimePoint when, AnswerCache::Wait wait = AnswerCache::Wait::kAny) {
    return cache.find("c", key, 0, when, wait, [this](AnswerCache::Wait after) {
      ++landed;
      next = after;
    });
  }

  AnswerCache cache{10'000, 10ms};
  AnswerCache::TimePoint begin = std::chrono::steady_clock::now();
  int landed = 0;
  AnswerCache::Wait next = AnswerCache::Wait::kAny;
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

TEST_F(Cache, TheCollectionIsLookedAtOnceBeforeTheLeaseEndsAndNobodyWaits) {
  cache.renew("c", kFirst, begin);
  cache.keep("c", "key", kFirst, answer());
  EXPECT_EQ(asks("key", begin + 5ms).look, nullptr);
  auto first = asks("key", begin + 6ms);
  EXPECT_NE(first.look, nullptr);
  EXPECT_NE(first.answer, nullptr);
  const auto second = asks("key", begin + 7ms);
  EXPECT_EQ(second.look, nullptr);
  EXPECT_NE(second.answer, nullptr);
  cache.renew("c", kFirst, begin + 6ms);
  first.look.reset();
  EXPECT_EQ(asks("key", begin + 11ms).look, nullptr);
  EXPECT_NE(asks("key", begin + 12ms).look, nullptr) << "the next one";
  EXPECT_EQ(landed, 0);
}

TEST_F(Cache, WhenTheLeaseIsOverAllWaitForOneLook) {
  cache.renew("c", kFirst, begin);
  cache.keep("c", "key", kFirst, answer());
  cache.keep("c", "other", kFirst, answer());
  auto first = asks("key", begin + 11ms);
  EXPECT_NE(first.look, nullptr);
  EXPECT_TRUE(first.waits);
  const auto second = asks("other", begin + 12ms);
  EXPECT_EQ(second.look, nullptr);
  EXPECT_TRUE(second.waits);
  EXPECT_EQ(landed, 0);
  cache.renew("c", kFirst, begin + 11ms);
  first.look.reset();
  EXPECT_EQ(landed, 2);
  EXPECT_TRUE(finds("key", begin + 11ms));
  EXPECT_TRUE(finds("other", begin + 12ms));
}

TEST_F(Cache, ALookThatBeganATermBeforeARequestProvesItNothing) {
  cache.renew("c", kFirst, begin);
  cache.keep("c", "key", kFirst, answer());
  const auto slow = asks("key", begin + 11ms);
  EXPECT_EQ(asks("key", begin + 21ms).look, nullptr);
  const auto next = asks("key", begin + 22ms);
  EXPECT_NE(next.look, nullptr);
  EXPECT_TRUE(next.waits);
}

TEST_F(Cache, ALookThatFailedSendsThoseWhoWaitedToSearch) {
  cache.renew("c", kFirst, begin);
  cache.keep("c", "key", kFirst, answer());
  asks("key", begin + 11ms);
  EXPECT_EQ(landed, 1);
  EXPECT_FALSE(finds("key", begin + 11ms));
}

TEST_F(Cache, OfThoseWhoWaitedForALookThatSawACommitOneSearches) {
  cache.renew("c", kFirst, begin);
  cache.keep("c", "key", kFirst, answer());
  auto look = asks("key", begin + 11ms).look;
  EXPECT_TRUE(asks("key", begin + 11ms).waits);
  cache.renew("c", kSecond, begin + 11ms);
  look.reset();
  EXPECT_EQ(landed, 2);
  EXPECT_EQ(next, AnswerCache::Wait::kSearch);
  auto search = asks("key", begin + 11ms, next).search;
  EXPECT_NE(search, nullptr);
  EXPECT_TRUE(asks("key", begin + 11ms, next).waits);
  search.reset();
  EXPECT_EQ(next, AnswerCache::Wait::kNone);
}

TEST_F(Cache, OfManyWhoAskTheSameOneSearches) {
  auto first = asks("key", begin);
  EXPECT_NE(first.search, nullptr);
  EXPECT_TRUE(asks("key", begin + 10ms).waits);
  EXPECT_NE(asks("other", begin).search, nullptr) << "another answer";
  EXPECT_NE(asks("key", begin + 11ms).search, nullptr) << "that search may not have seen what this one must";
  cache.renew("c", kFirst, begin);
  cache.keep("c", "key", kFirst, answer());
  first.search.reset();
  EXPECT_EQ(landed, 1);
  EXPECT_TRUE(finds("key", begin + 10ms));
}

TEST_F(Cache, WhoAsksForAPositionWaitsForNobody) {
  const auto first = asks("key", begin);
  EXPECT_NE(cache.find("c", "key", 50, begin, AnswerCache::Wait::kAny, [](AnswerCache::Wait) {}).search, nullptr);
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

TEST_F(Cache, WhenThereIsNoRoomOnlyWhatIsAskedForAgainIsAdmitted) {
  cache.renew("c", kFirst, begin);
  EXPECT_TRUE(cache.admits("once"));
  for (int i = 0; i < 9; ++i) cache.keep("c", "key" + std::to_string(i), kFirst, answer(800));
  EXPECT_FALSE(cache.admits("once"));
  EXPECT_TRUE(cache.admits("once"));
  EXPECT_FALSE(cache.admits("another"));
  cache.keep("c", "once", kFirst, answer(800));
  EXPECT_TRUE(finds("once", begin + 1ms));
}

}  // namespace
}  // namespace daas
