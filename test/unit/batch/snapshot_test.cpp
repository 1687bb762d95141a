#include "batch/snapshot.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"

namespace daas {
namespace {

TEST(Snapshot, SeesWhatEndedBeforeXmin) {
  const auto snapshot = Snapshot::parse("100:110:100,105");
  EXPECT_TRUE(snapshot.sees(99));
  EXPECT_EQ(snapshot.xmin(), 100u);
  EXPECT_EQ(snapshot.xmax(), 110u);
}

TEST(Snapshot, DoesNotSeeWhatWasRunning) {
  const auto snapshot = Snapshot::parse("100:110:100,105");
  EXPECT_FALSE(snapshot.sees(100));
  EXPECT_FALSE(snapshot.sees(105));
}

TEST(Snapshot, SeesWhatEndedBetweenXminAndXmax) {
  EXPECT_TRUE(Snapshot::parse("100:110:100,105").sees(104));
}

TEST(Snapshot, DoesNotSeeXmaxAndLater) {
  const auto snapshot = Snapshot::parse("100:110:");
  EXPECT_FALSE(snapshot.sees(110));
  EXPECT_FALSE(snapshot.sees(111));
}

TEST(Snapshot, TakesTransactionIdsPastThirtyTwoBits) {
  const auto snapshot = Snapshot::parse("8589934592:8589934600:8589934595");
  EXPECT_TRUE(snapshot.sees(4294967296));
  EXPECT_FALSE(snapshot.sees(8589934595));
}

TEST(Snapshot, OneThatWasNeverTakenSeesNothing) { EXPECT_FALSE(Snapshot().sees(3)); }

TEST(Snapshot, RefusesEverythingElse) {
  for (const auto* text : {"", "1", "1:2", "a:b:", "1:2:3,", "2:1:", "1:2:x", "1:2:3 ", "-1:2:"}) {
    EXPECT_THROW(Snapshot::parse(text), Error) << text;
  }
}

}  // namespace
}  // namespace daas
