#include "decode/stream_decoder.hpp"

#include <gtest/gtest.h>

#include <random>

#include "core/error.hpp"
#include "decode/image.hpp"
#include "event_bytes.hpp"

namespace daas {
namespace {

using namespace test;

std::string refusal(const std::string& message) {
  StreamDecoder decoder;
  try {
    decoder.feed(message);
  } catch (const Error& error) {
    EXPECT_EQ(error.remedy(), Remedy::kStop);
    EXPECT_NE(error.hint(), "");
    return error.what();
  }
  return "accepted";
}

Commit only_commit(std::vector<Commit> commits) {
  EXPECT_EQ(commits.size(), 1u);
  return std::move(commits.at(0));
}

TEST(StreamDecoder, EveryRecordTypeIsRead) {
  StreamDecoder decoder;
  const Commit commit = only_commit(decoder.feed(every_record()));
  EXPECT_EQ(commit.xid, kXid);
  EXPECT_EQ(commit.lsn, kCommitLsn);
  EXPECT_EQ(commit.end_lsn, kEndLsn);
  EXPECT_EQ(commit.time_us, kTime);

  ASSERT_EQ(commit.relations.size(), 1u);
  const Relation& relation = *commit.relations[0];
  EXPECT_EQ(relation.oid, kTable);
  EXPECT_EQ(relation.schema, "public");
  EXPECT_EQ(relation.name, "f");
  EXPECT_EQ(relation.identity, ReplicaIdentity::kKey);
  ASSERT_EQ(relation.columns.size(), 3u);
  EXPECT_EQ(relation.columns[0].name, "id");
  EXPECT_TRUE(relation.columns[0].identity);
  EXPECT_TRUE(relation.columns[0].native);
  EXPECT_FALSE(relation.columns[1].identity);
  EXPECT_EQ(relation.columns[2].type_oid, kNumeric);
  EXPECT_EQ(relation.columns[2].typmod, -1);
  EXPECT_FALSE(relation.columns[2].native);

  const ChangeKind kinds[] = {ChangeKind::kInsert, ChangeKind::kUpdate, ChangeKind::kUpdate,
                              ChangeKind::kDelete, ChangeKind::kTruncate};
  ASSERT_EQ(commit.changes.size(), std::size(kinds));
  for (std::size_t i = 0; i < std::size(kinds); ++i) {
    EXPECT_EQ(commit.changes[i].kind, kinds[i]);
    EXPECT_EQ(commit.changes[i].relation, &relation);
  }
  EXPECT_EQ(commit.changes[0].new_image, flight(1, "a", "1.50"));
  EXPECT_EQ(commit.changes[1].old_image, "");

  std::vector<Value> values;
  parse_image(commit.changes[2].old_image, 3, values);
  ASSERT_EQ(values.size(), 3u);
  EXPECT_EQ(values[0].bytes, be(std::int32_t{1}));
  EXPECT_EQ(values[1].state, Value::State::kOmitted);
  parse_image(commit.changes[2].new_image, 3, values);
  EXPECT_EQ(values[1].state, Value::State::kUnchanged);
  EXPECT_EQ(values[2].state, Value::State::kNull);

  ASSERT_EQ(commit.messages.size(), 1u);
  EXPECT_EQ(commit.messages[0].prefix, "daas.ddl");
  EXPECT_EQ(commit.messages[0].content, "{}");
}

TEST(StreamDecoder, ATransactionMaySpanMessages) {
  StreamDecoder decoder;
  EXPECT_FALSE(decoder.in_transaction());
  EXPECT_TRUE(decoder.feed(begin() + flights()).empty());
  EXPECT_TRUE(decoder.in_transaction());
  EXPECT_TRUE(decoder.feed(insert(kTable, flight(1, "a", "1"))).empty());
  EXPECT_TRUE(decoder.feed("").empty());
  const Commit commit =
      only_commit(decoder.feed(insert(kTable, flight(2, "b", "2")) + test::commit()));
  EXPECT_FALSE(decoder.in_transaction());
  ASSERT_EQ(commit.changes.size(), 2u);
  EXPECT_EQ(commit.changes[0].new_image, flight(1, "a", "1"));
  EXPECT_EQ(commit.changes[1].new_image, flight(2, "b", "2"));
}

TEST(StreamDecoder, ACommitCountsItsChangesAndNamesTruncatedTablesOnce) {
  StreamDecoder decoder;
  const Commit commit = only_commit(decoder.feed(begin() + flights() + truncate(kTable) +
                                                 insert(kTable, flight(1, "a", "1")) +
                                                 truncate(kTable) + test::commit()));
  EXPECT_EQ(commit.change_count, 3u);
  EXPECT_EQ(commit.truncated, std::vector<std::uint32_t>{kTable});
}

TEST(StreamDecoder, WhatIsTakenOfAnOpenTransactionIsNotInItsCommit) {
  StreamDecoder decoder;
  decoder.feed(begin() + flights() + insert(kTable, flight(1, "a", "1")) + truncate(kTable));
  const auto held = decoder.open_bytes();
  const ChangePart part = decoder.take_part();
  ASSERT_EQ(part.changes.size(), 2u);
  EXPECT_EQ(part.changes[0].new_image, flight(1, "a", "1"));
  EXPECT_EQ(part.relations.size(), 1u);
  EXPECT_LT(decoder.open_bytes(), held);
  EXPECT_TRUE(decoder.take_part().changes.empty());
  const Commit commit =
      only_commit(decoder.feed(insert(kTable, flight(2, "b", "2")) + test::commit()));
  ASSERT_EQ(commit.changes.size(), 1u);
  EXPECT_EQ(commit.changes[0].new_image, flight(2, "b", "2"));
  EXPECT_EQ(commit.change_count, 3u);
  EXPECT_EQ(commit.truncated.size(), 1u);
  EXPECT_EQ(commit.relations.size(), 1u);
}

TEST(StreamDecoder, WithoutATransactionThereIsNothingToTake) {
  StreamDecoder decoder;
  EXPECT_EQ(decoder.open_bytes(), 0u);
  EXPECT_TRUE(decoder.take_part().buffers.empty());
}

TEST(StreamDecoder, CommitsOutliveTheDecoder) {
  auto decoder = std::make_unique<StreamDecoder>();
  decoder->feed(begin(1) + flights() + commit(1));
  std::vector<Commit> commits =
      decoder->feed(begin(2) + insert(kTable, flight(7, "kept", "1")) + commit(2));
  decoder.reset();
  const Commit commit = std::move(commits.at(0));
  EXPECT_EQ(commit.changes[0].relation->columns[1].name, "name");
  EXPECT_EQ(commit.changes[0].new_image, flight(7, "kept", "1"));
}

TEST(StreamDecoder, ARelationRecordReplacesTheOneBefore) {
  StreamDecoder decoder;
  const Commit commit =
      only_commit(decoder.feed(begin() + flights() + insert(kTable, flight(1, "a", "1")) +
                               relation(kTable, 'f', {{3, kInt4, "id"}}) +
                               insert(kTable, value(be(std::int32_t{2}))) + test::commit()));
  ASSERT_EQ(commit.relations.size(), 2u);
  EXPECT_EQ(commit.changes[0].relation->columns.size(), 3u);
  EXPECT_EQ(commit.changes[1].relation->columns.size(), 1u);
  EXPECT_EQ(commit.changes[1].relation->identity, ReplicaIdentity::kFull);
}

TEST(StreamDecoder, ACommitHoldsOnlyTheRelationsOfItsChanges) {
  StreamDecoder decoder;
  decoder.feed(begin(1) + flights() + relation(2, 'n', {}) + commit(1));
  const Commit commit = only_commit(decoder.feed(begin(2) + truncate(kTable) + test::commit(2)));
  ASSERT_EQ(commit.relations.size(), 1u);
  EXPECT_EQ(commit.relations[0]->oid, kTable);
}

TEST(StreamDecoder, ATransactionOfAMessageAloneIsACommit) {
  StreamDecoder decoder;
  const Commit commit =
      only_commit(decoder.feed(begin() + logical("daas.heartbeat", "") + test::commit()));
  EXPECT_TRUE(commit.changes.empty());
  EXPECT_EQ(commit.messages.at(0).prefix, "daas.heartbeat");
}

TEST(StreamDecoder, ATableWithoutColumnsHasEmptyImages) {
  StreamDecoder decoder;
  const Commit commit = only_commit(
      decoder.feed(begin() + relation(3, 'n', {}) + insert(3, "") + erase(3, "") + test::commit()));
  EXPECT_EQ(commit.changes.size(), 2u);
}

TEST(StreamDecoder, ResetForgetsTheOpenTransactionAndEveryRelation) {
  StreamDecoder decoder;
  decoder.feed(begin() + flights());
  decoder.reset();
  EXPECT_FALSE(decoder.in_transaction());
  EXPECT_THROW(decoder.feed(begin() + truncate(kTable)), Error);
}

TEST(StreamDecoder, RecordsOutOfOrderAreRefused) {
  EXPECT_EQ(refusal(commit()), "change event: a record outside of transactions");
  EXPECT_EQ(refusal(flights()), "change event: a record outside of transactions");
  EXPECT_EQ(refusal(begin() + begin()), "change event: a transaction begins within another");
  EXPECT_EQ(refusal(begin(1) + commit(2)),
            "change event: a commit record of another transaction (2) than the one begun (1)");
  EXPECT_EQ(refusal(begin() + commit() + begin()),
            "change event: a record after the commit in one message");
  EXPECT_EQ(refusal(begin() + insert(9, "")),
            "change event: a change of table 9, which was never described");
}

TEST(StreamDecoder, UnknownCodesAreRefused) {
  EXPECT_EQ(refusal(begin() + record('?', "")), "change event: unknown record type 63");
  EXPECT_EQ(refusal(begin() + relation(1, 'x', {})), "change event: unknown replica identity 120");
  EXPECT_EQ(refusal(begin() + relation(1, 'n', {{2, kNumeric, "n"}})),
            "change event: column \"n\" of type 1700 can't be native");
}

TEST(StreamDecoder, ImagesThatDontFitTheRelationAreRefused) {
  const std::string start = begin() + flights();
  EXPECT_EQ(refusal(start + insert(kTable, "")), "change event: a change without a new image");
  EXPECT_EQ(refusal(start + insert(kTable, kNullByte + kNullByte)),
            "change event: the bytes end in the middle of a row image");
  EXPECT_EQ(refusal(start + insert(kTable, flight(1, "a", "1") + kNullByte)),
            "change event: a row image holds 1 bytes more than its 3 columns");
  EXPECT_EQ(refusal(start + insert(kTable, value("12") + kNullByte + kNullByte)),
            "change event: a value of 2 bytes in column \"id\" of public.f, which takes 4");
}

TEST(StreamDecoder, LengthsBeyondTheBytesAreRefusedWithoutMemory) {
  const std::string huge = be(std::uint32_t{0xFFFFFFFF});
  EXPECT_NE(refusal("B" + huge), "accepted");
  EXPECT_NE(refusal(begin() + "I" + huge + "x"), "accepted");
  EXPECT_NE(refusal(begin() + record('R', be(kTable) + "k" + str("s") + str("t") +
                                              be(std::uint16_t{0xFFFF}))),
            "accepted");
  EXPECT_NE(refusal(begin() + flights() + insert(kTable, "\xFC" + huge + "xx")), "accepted");
  EXPECT_NE(refusal(begin() + flights() + record('U', be(kTable) + huge + kNullByte)), "accepted");
  EXPECT_NE(refusal(begin() + record('M', be(std::uint16_t{0xFFFF}) + "daas")), "accepted");
}

TEST(StreamDecoder, EveryTruncationIsRefusedOrIncomplete) {
  const std::string whole = every_record();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    StreamDecoder decoder;
    try {
      EXPECT_TRUE(decoder.feed(whole.substr(0, length)).empty()) << "cut at " << length;
    } catch (const Error& error) {
      EXPECT_EQ(error.remedy(), Remedy::kStop);
    }
  }
}

TEST(StreamDecoder, RandomMutationsGiveCommitsOrErrors) {
  std::mt19937 random(20'000'101);
  const std::string whole = every_record();
  int accepted = 0;
  for (int round = 0; round < 100'000; ++round) {
    std::string bytes = whole;
    for (int edits = 1 + static_cast<int>(random() % 4); edits > 0; --edits) {
      const std::size_t at = random() % bytes.size();
      switch (random() % 4) {
        case 0:
          bytes[at] = static_cast<char>(random());
          break;
        case 1:
          bytes[at] ^= static_cast<char>(1 << random() % 8);
          break;
        case 2:
          bytes.erase(at, 1 + random() % 8);
          break;
        default:
          bytes.insert(at, 1 + random() % 8, static_cast<char>(random()));
      }
      if (bytes.empty()) break;
    }
    StreamDecoder decoder;
    try {
      std::vector<Value> values;
      for (const Commit& commit : decoder.feed(std::move(bytes))) {
        for (const Change& change : commit.changes) {
          parse_image(change.old_image, change.relation->columns.size(), values);
          parse_image(change.new_image, change.relation->columns.size(), values);
        }
        ++accepted;
      }
    } catch (const Error& error) {
      EXPECT_EQ(error.remedy(), Remedy::kStop);
    }
  }
  EXPECT_GT(accepted, 1000);
}

}  // namespace
}  // namespace daas
