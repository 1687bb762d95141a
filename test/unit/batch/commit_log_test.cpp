#include "batch/commit_log.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

namespace daas {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kRoomy = 1 << 20;
constexpr auto kNone = CommitLog::Subscription::kNothingHeld;

Commit commit_of(std::uint32_t table, Lsn lsn, std::size_t bytes = 10) {
  Commit commit;
  auto relation = std::make_shared<Relation>();
  relation->oid = table;
  commit.relations.push_back(std::move(relation));
  commit.lsn = lsn;
  commit.end_lsn = lsn + 5;
  commit.bytes = bytes;
  return commit;
}

TEST(CommitLog, GivesACommitToEverySubscriberOfItsTablesAndToNoOther) {
  CommitLog log(kRoomy);
  const auto first = log.subscribe("m", {1});
  const auto both = log.subscribe("m", {1, 2});
  const auto other = log.subscribe("m", {3});
  log.append(commit_of(1, 100));
  EXPECT_EQ(first->take().size(), 1u);
  EXPECT_EQ(both->take().size(), 1u);
  EXPECT_TRUE(other->take().empty());
}

TEST(CommitLog, GivesDdlToEverySubscriber) {
  CommitLog log(kRoomy);
  const auto subscriber = log.subscribe("m", {1});
  Commit commit;
  commit.messages.push_back({"daas.ddl", "{}"});
  log.append(std::move(commit));
  EXPECT_EQ(subscriber->take().size(), 1u);
}

TEST(CommitLog, ConfirmsEverythingDecodedWhenNobodyHoldsAnything) {
  CommitLog log(kRoomy);
  log.append(commit_of(1, 100));
  EXPECT_EQ(log.confirmable(), 105u);
  log.advance(200);
  EXPECT_EQ(log.confirmable(), 200u);
}

TEST(CommitLog, ACommitWhoseEndIsNotKnownSaysNothingOfWhatCameBeforeIt) {
  CommitLog log(kRoomy);
  log.advance(50);
  auto commit = commit_of(1, 100);
  commit.end_lsn = 0;
  log.append(std::move(commit));
  EXPECT_EQ(log.decoded(), 50u);
}

TEST(CommitLog, NeverConfirmsPastACommitThatWasGivenButIsNotDurable) {
  CommitLog log(kRoomy);
  const auto subscriber = log.subscribe("m", {1});
  log.append(commit_of(1, 100));
  log.append(commit_of(1, 120));
  log.advance(300);
  EXPECT_EQ(log.confirmable(), 100u);
  subscriber->take();
  EXPECT_EQ(log.confirmable(), 100u);
  subscriber->hold(120);
  EXPECT_EQ(log.confirmable(), 120u);
  log.append(commit_of(1, 310));
  subscriber->hold(kNone);
  EXPECT_EQ(log.confirmable(), 310u);
}

TEST(CommitLog, ASubscriberThatLeavesHoldsNothing) {
  CommitLog log(kRoomy);
  auto subscriber = log.subscribe("m", {1});
  log.append(commit_of(1, 100));
  subscriber->take();
  log.append(commit_of(1, 120));
  subscriber->leave();
  log.advance(300);
  EXPECT_EQ(log.confirmable(), 300u);
  EXPECT_EQ(log.bytes(), 0u);
}

TEST(CommitLog, TheWriterWaitsWhileTheQueueIsFull) {
  CommitLog log(100);
  const auto subscriber = log.subscribe("m", {1});
  log.append(commit_of(1, 100, 100));
  EXPECT_FALSE(log.wait_room(milliseconds(1)));
  EXPECT_EQ(subscriber->wait_decoded(1000, std::chrono::seconds(10)), Progress::kFull);
  subscriber->take();
  EXPECT_TRUE(log.wait_room(milliseconds(1)));
}

TEST(CommitLog, ACommitThatNobodyWantsTakesNoRoom) {
  CommitLog log(100);
  log.append(commit_of(1, 100, 100));
  EXPECT_EQ(log.bytes(), 0u);
}

TEST(CommitLog, WaitingForAPositionEndsWhenItIsDecoded) {
  CommitLog log(kRoomy);
  const auto subscriber = log.subscribe("m", {1});
  std::thread writer([&] { log.advance(500); });
  EXPECT_EQ(subscriber->wait_decoded(500, std::chrono::seconds(10)), Progress::kReached);
  writer.join();
  EXPECT_EQ(subscriber->wait_decoded(501, milliseconds(1)), Progress::kTimeout);
}

TEST(CommitLog, WakeEndsAWaitOnce) {
  CommitLog log(kRoomy);
  const auto subscriber = log.subscribe("m", {1});
  subscriber->wake();
  EXPECT_EQ(subscriber->wait_commit({}), Progress::kWoken);
  EXPECT_EQ(subscriber->wait_commit(std::chrono::steady_clock::now()), Progress::kTimeout);
}

TEST(CommitLog, NamesTheSubscriberThatHoldsUpTheOthersOnceTheQueueIsFull) {
  CommitLog log(100);
  const auto slow = log.subscribe("slow", {1});
  const auto other = log.subscribe("other", {2});
  const auto later = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  const std::chrono::minutes patience(1);
  log.append(commit_of(1, 100, 60));
  EXPECT_FALSE(log.laggard(later, patience)) << "there is room";
  log.append(commit_of(1, 110, 60));
  EXPECT_FALSE(log.wait_room(milliseconds(1)));
  EXPECT_EQ(log.laggard(later, patience), "slow");
  EXPECT_FALSE(log.laggard(std::chrono::steady_clock::now(), patience)) << "it may still come";
  slow->leave();
  EXPECT_TRUE(log.wait_room(milliseconds(1)));
}

TEST(CommitLog, BlamesASubscriberThatTookAllOfTheQueueAndDoesNothingWithIt) {
  CommitLog log(100);
  const auto slow = log.subscribe("slow", {1});
  const auto other = log.subscribe("other", {2});
  log.append(commit_of(1, 100, 100));
  const auto taken = slow->take();
  EXPECT_FALSE(log.wait_room(milliseconds(1)));
  const auto now = std::chrono::steady_clock::now();
  EXPECT_EQ(log.laggard(now + std::chrono::minutes(2), std::chrono::minutes(1)), "slow");
  slow->progress();
  EXPECT_FALSE(log.laggard(now + std::chrono::seconds(59), std::chrono::minutes(1)));
}

TEST(CommitLog, DoesNotBlameWhoHoldsTheSlotOnly) {
  CommitLog log(100);
  const auto durable_soon = log.subscribe("durable soon", {2});
  const auto slow = log.subscribe("slow", {1});
  log.append(commit_of(2, 90, 10));
  durable_soon->take();  // and works it off, but for the disk; then nothing comes for it any more
  slow->progress();
  log.append(commit_of(1, 100, 100));
  EXPECT_FALSE(log.wait_room(milliseconds(1)));
  EXPECT_EQ(log.laggard(std::chrono::steady_clock::now() + std::chrono::minutes(2), std::chrono::minutes(1)), "slow");
}

TEST(CommitLog, BlamesNobodyWhoWaitsForSolr) {
  CommitLog log(100);
  const auto slow = log.subscribe("slow", {1});
  const auto other = log.subscribe("other", {2});
  log.append(commit_of(1, 100, 100));
  EXPECT_FALSE(log.wait_room(milliseconds(1)));
  const auto later = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  slow->excuse(true);
  EXPECT_FALSE(log.laggard(later, std::chrono::minutes(1)));
  slow->excuse(false);
  EXPECT_EQ(log.laggard(later, std::chrono::minutes(1)), "slow");
}

TEST(CommitLog, BlamesNobodyWhenAllStandStill) {
  CommitLog log(100);
  const auto first = log.subscribe("first", {1});
  const auto second = log.subscribe("second", {1});
  log.append(commit_of(1, 100, 100));
  EXPECT_FALSE(log.wait_room(milliseconds(1)));
  EXPECT_FALSE(log.laggard(std::chrono::steady_clock::now() + std::chrono::minutes(2),
                           std::chrono::minutes(1)));
}

TEST(CommitLog, CloseEndsEveryWait) {
  CommitLog log(kRoomy);
  const auto subscriber = log.subscribe("m", {1});
  std::thread closer([&] { log.close(); });
  EXPECT_EQ(subscriber->wait_commit({}), Progress::kClosed);
  EXPECT_EQ(subscriber->wait_decoded(1, std::chrono::seconds(10)), Progress::kClosed);
  closer.join();
}

TEST(CommitLog, HoldsItsPromisesWhileACaptureAndSeveralModelsUseIt) {
  constexpr Lsn kLast = 20'000;
  constexpr int kModels = 4;
  CommitLog log(2000);  // so full that the writer waits
  struct Reader {
    std::unique_ptr<CommitLog::Subscription> subscription;
    std::atomic<Lsn> durable{0};  // everything of it before this
    std::vector<Lsn> seen;
    std::thread thread;
  };
  std::vector<Reader> readers(kModels);
  for (int i = 0; i < kModels; ++i) {
    auto& reader = readers[static_cast<std::size_t>(i)];
    reader.subscription = log.subscribe("m" + std::to_string(i), {static_cast<std::uint32_t>(i % 2)});
    reader.thread = std::thread([&reader] {
      while (reader.subscription->wait_commit(std::chrono::steady_clock::now() + milliseconds(5)) !=
             Progress::kClosed) {
        const auto commits = reader.subscription->take();
        for (const auto& commit : commits) reader.seen.push_back(commit->lsn);
        if (commits.empty()) continue;
        reader.durable = commits.back()->end_lsn;
        reader.subscription->hold(kNone);
      }
      for (const auto& commit : reader.subscription->take()) reader.seen.push_back(commit->lsn);
    });
  }
  for (Lsn lsn = 10; lsn <= kLast; lsn += 10) {
    while (!log.wait_room(milliseconds(10))) {}
    log.append(commit_of(static_cast<std::uint32_t>(lsn / 10 % 2), lsn, 100));
    // Read before the position: what is durable only grows.
    const auto confirmable = log.confirmable();
    for (int i = 0; i < kModels; ++i) {
      const auto& reader = readers[static_cast<std::size_t>(i)];
      const Lsn first_of_it = i % 2 == 0 ? 20 : 10;
      if (confirmable <= first_of_it + 5) continue;
      EXPECT_GT(reader.durable.load() + 25, confirmable) << i;
    }
  }
  log.close();
  for (int i = 0; i < kModels; ++i) {
    auto& reader = readers[static_cast<std::size_t>(i)];
    reader.thread.join();
    ASSERT_EQ(reader.seen.size(), kLast / 20) << i;
    EXPECT_TRUE(std::is_sorted(reader.seen.begin(), reader.seen.end()));
    reader.subscription.reset();
  }
}

}  // namespace
}  // namespace daas
