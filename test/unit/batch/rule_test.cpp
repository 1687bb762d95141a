#include "batch/rule.hpp"

#include <gtest/gtest.h>

namespace daas {
namespace {

using std::chrono::milliseconds;

const Clock::time_point kStart{};
const BatchLimits kLimits{.count = 10, .bytes = 1000, .age = milliseconds(100)};

TEST(BatchRule, NothingPendingIsNeverDue) {
  const BatchRule rule(kLimits);
  EXPECT_FALSE(rule.due(kStart + std::chrono::hours(1)));
  EXPECT_FALSE(rule.deadline());
}

TEST(BatchRule, CountFiresFirst) {
  BatchRule rule(kLimits);
  rule.add(9, 1, kStart);
  EXPECT_FALSE(rule.due(kStart));
  rule.add(1, 1, kStart);
  EXPECT_EQ(rule.due(kStart), BatchCause::kCount);
}

TEST(BatchRule, BytesFireFirst) {
  BatchRule rule(kLimits);
  rule.add(1, 1000, kStart);
  EXPECT_EQ(rule.due(kStart), BatchCause::kBytes);
}

TEST(BatchRule, AgeStartsWithTheFirstChangeNotTheLast) {
  BatchRule rule(kLimits);
  rule.add(1, 1, kStart);
  rule.add(1, 1, kStart + milliseconds(99));
  EXPECT_FALSE(rule.due(kStart + milliseconds(99)));
  EXPECT_EQ(rule.due(kStart + milliseconds(100)), BatchCause::kAge);
  EXPECT_EQ(rule.deadline(), kStart + milliseconds(100));
}

TEST(BatchRule, AgeStartsWhenTheFirstItemArrivesAfterIdle) {
  BatchRule rule(kLimits);
  rule.add(1, 1, kStart);
  rule.taken(0, kStart + milliseconds(100));
  EXPECT_FALSE(rule.deadline());
  rule.add(1, 1, kStart + milliseconds(500));
  EXPECT_EQ(rule.deadline(), kStart + milliseconds(600));
}

TEST(BatchRule, FlushIsDueEvenWithNothingPending) {
  BatchRule rule(kLimits);
  rule.flush();
  EXPECT_EQ(rule.due(kStart), BatchCause::kFlush);
  rule.taken(0, kStart);
  EXPECT_FALSE(rule.due(kStart));
}

TEST(BatchRule, WhatASnapshotDoesNotSeeIsTriedAgainEverLessOften) {
  BatchRule rule(kLimits);
  rule.add(1, 1, kStart);
  auto now = kStart + milliseconds(100);
  for (const int wait : {100, 200, 250, 250}) {
    rule.taken(1, now);
    EXPECT_EQ(rule.deadline(), now + milliseconds(wait));
    now += milliseconds(wait);
    EXPECT_EQ(rule.due(now), BatchCause::kAge);
  }
}

TEST(BatchRule, NewChangesDoNotWaitForThoseLeftBehind) {
  BatchRule rule(kLimits);
  rule.add(1, 1, kStart);
  rule.taken(1, kStart);
  rule.taken(1, kStart);
  rule.taken(1, kStart);
  rule.add(1, 1, kStart);
  EXPECT_EQ(rule.deadline(), kStart + milliseconds(100));
}

}  // namespace
}  // namespace daas
