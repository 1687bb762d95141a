#include "pipeline/spill.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "../decode/event_bytes.hpp"
#include "pipeline/change_cursor.hpp"

namespace daas {
namespace {

using namespace test;

/// Of a change: its image and how many columns its table had.
using Seen = std::vector<std::pair<std::string, std::size_t>>;

Seen seen_in(const std::vector<SharedCommit>& commits, std::size_t most) {
  Seen seen;
  ChangeCursor cursor(commits);
  for (auto changes = cursor.next(most); !changes.empty(); changes = cursor.next(most)) {
    EXPECT_TRUE(cursor.stored() || changes.size() <= most);
    for (const auto& change : changes) {
      seen.emplace_back(change.new_image, change.relation->columns.size());
    }
  }
  return seen;
}

std::vector<std::string> messages_of_a_changing_table() {
  const auto narrow = relation(kTable, 'k', {{3, kInt4, "id"}});
  std::vector<std::string> messages{begin() + insert(kTable, flight(0, "before", "1"))};
  for (std::int32_t i = 1; i < 400; ++i) {
    // Of the old shape, of one of this transaction, and of a table that it alone describes.
    if (i == 130) messages.push_back(narrow);
    if (i == 260) messages.push_back(relation(77, 'k', {{3, kInt4, "id"}, {2, kText, "v"}}));
    messages.push_back(i < 130   ? insert(kTable, flight(i, std::string(20000, 'x'), "1"))
                       : i < 260 ? insert(kTable, value(be(i)))
                                 : insert(77, value(be(i)) + value(std::string(20000, 'y'))));
  }
  return messages;
}

/// The transaction as Capture makes it, spilled before every `every`th message.
SharedCommit spilled(int every) {
  StreamDecoder decoder;
  decoder.feed(begin(1) + flights() + relation(77, 'n', {}) + commit(1));
  std::shared_ptr<Spill> spill;
  int fed = 0;
  for (auto& message : messages_of_a_changing_table()) {
    EXPECT_TRUE(decoder.feed(std::move(message)).empty());
    if (every == 0 || ++fed % every != 0) continue;
    if (!spill) spill = std::make_shared<Spill>(testing::TempDir(), decoder.at_begin());
    spill->append(decoder.take_part());
  }
  auto commits = decoder.feed(insert(77, value(be(9999)) + kNullByte) + commit());
  EXPECT_EQ(commits.size(), 1u);
  commits.at(0).stored = spill;
  return std::make_shared<const Commit>(std::move(commits.at(0)));
}

TEST(Spill, ATransactionInAFileHasTheChangesAndShapesOfOneInMemory) {
  const auto expected = seen_in({spilled(0)}, 1000);
  ASSERT_EQ(expected.size(), 401u);
  EXPECT_EQ(expected[129].second, 3u);
  EXPECT_EQ(expected[130].second, 1u);
  EXPECT_EQ(expected[260].second, 2u);
  for (const int every : {1, 7, 131, 200, 350}) {
    const auto commit = spilled(every);
    EXPECT_EQ(commit->change_count, 401u);
    EXPECT_TRUE(seen_in({commit}, 1000) == expected) << every;
  }
}

TEST(Spill, SeveralModelsReadOneFileAtTheirOwnPace) {
  const std::vector<SharedCommit> commits{spilled(5)};
  ChangeCursor slow(commits);
  ASSERT_EQ(slow.next(1000).front().new_image, flight(0, "before", "1"));
  EXPECT_EQ(seen_in(commits, 1000).size(), 401u);
  EXPECT_GT(slow.next(1000).size(), 1u);
}

TEST(Spill, ACursorGoesThroughStoredAndOtherCommitsInTheirOrder) {
  const auto one = seen_in({spilled(0)}, 1000);
  const auto all = seen_in({spilled(0), spilled(3), spilled(0), spilled(100)}, 50);
  ASSERT_EQ(all.size(), 4 * one.size());
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_TRUE(all[i] == one[i % one.size()]) << i;
}

TEST(Spill, ADirectoryThatCanHoldNoFileIsNamedWithWhatToDo) {
  try {
    Spill("/no/such/directory", StreamDecoder());
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("/no/such/directory: No such file"), std::string::npos);
    EXPECT_NE(error.hint().find("--spill-dir"), std::string::npos);
  }
}

}  // namespace
}  // namespace daas
