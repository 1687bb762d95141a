#include "pipeline/change_reader.hpp"

#include <gtest/gtest.h>

#include "../decode/event_bytes.hpp"
#include "core/error.hpp"
#include "decode/stream_decoder.hpp"

namespace daas {
namespace {

using namespace test;

Model model_of(bool projection = true) {
  Model model;
  model.name = "flights";
  model.projection = projection;
  model.columns = {{"id", ValueType::kInt4, "id", "integer"},
                   {"title", ValueType::kText, "name", "text"},
                   {"price", ValueType::kNumeric, "price", "numeric"}};
  model.key = {0};
  model.sources = {{kTable, "public.f", "public.f"}};
  model.deltas = {{kTable, Model::Delta::Mode::kKey, {"id"}}};
  return model;
}

Commit commit_of(const std::string& changes, const std::string& shape = flights()) {
  StreamDecoder decoder;
  auto commits = decoder.feed(begin() + shape + changes + commit());
  EXPECT_EQ(commits.size(), 1u);
  return std::move(commits.at(0));
}

struct Read {
  Model model;
  Commit commit;
  ChangeReader reader;
  ChangeReader::Outcomes outcomes;
  std::vector<DeltaImages> images;

  explicit Read(const std::string& changes, const std::string& shape = flights(),
                bool projection = true)
      : model(model_of(projection)),
        commit(commit_of(changes, shape)),
        reader(model),
        images(model.deltas.size()) {
    reader.read(commit.changes, outcomes, images);
  }
};

std::string key_image(std::int32_t id) { return value(be(id)) + kOmittedByte + kOmittedByte; }

std::string hint_of(const std::string& changes, const std::string& shape) {
  try {
    const Read read(changes, shape);
  } catch (const Error& error) {
    EXPECT_EQ(error.remedy(), Remedy::kStop);
    return error.hint();
  }
  return "no error";
}

TEST(ChangeReader, AnInsertIsARowWithTheModelsColumnsInTheirOrder) {
  Read read(insert(kTable, flight(7, "a", "1.50")));
  ASSERT_EQ(read.outcomes.size(), 1u);
  const auto& outcome = read.outcomes.at("7");
  ASSERT_EQ(outcome.kind, Outcome::Kind::kRow);
  const auto& row = read.reader.row(outcome);
  ASSERT_EQ(row.size(), 3u);
  EXPECT_EQ(row[0].form, Field::Form::kNative);
  EXPECT_EQ(row[1].bytes, "a");
  EXPECT_EQ(row[2].form, Field::Form::kText);
  EXPECT_EQ(row[2].bytes, "1.50");
}

TEST(ChangeReader, TheLastChangeOfAKeyWins) {
  Read read(insert(kTable, flight(7, "a", "1")) + update(kTable, "", flight(7, "b", "2")) +
            erase(kTable, key_image(7)) + insert(kTable, flight(7, "c", "3")));
  ASSERT_EQ(read.outcomes.size(), 1u);
  EXPECT_EQ(read.reader.row(read.outcomes.at("7"))[1].bytes, "c");
}

TEST(ChangeReader, ADeleteAfterAnInsertIsADelete) {
  Read read(insert(kTable, flight(7, "a", "1")) + erase(kTable, key_image(7)));
  EXPECT_EQ(read.outcomes.at("7").kind, Outcome::Kind::kDeleted);
}

TEST(ChangeReader, AKeyChangeDeletesTheOldKeyAndWritesTheNew) {
  Read read(update(kTable, key_image(7), flight(8, "a", "1")));
  EXPECT_EQ(read.outcomes.at("7").kind, Outcome::Kind::kDeleted);
  EXPECT_EQ(read.outcomes.at("8").kind, Outcome::Kind::kRow);
}

TEST(ChangeReader, AnOldImageOfTheSameKeyDeletesNothing) {
  Read read(update(kTable, key_image(7), flight(7, "b", "1")));
  ASSERT_EQ(read.outcomes.size(), 1u);
  EXPECT_EQ(read.outcomes.at("7").kind, Outcome::Kind::kRow);
}

TEST(ChangeReader, AValueThatTheEventLacksIsFetched) {
  Read read(update(kTable, "", value(be(std::int32_t{7})) + kUnchangedByte + kNullByte));
  EXPECT_EQ(read.outcomes.at("7").kind, Outcome::Kind::kFetch);
  EXPECT_EQ(read.outcomes.at("7").key, std::vector<std::string>{"7"});
}

TEST(ChangeReader, AQueryModelFetchesEveryChangedKey) {
  Read read(insert(kTable, flight(7, "a", "1")) + erase(kTable, key_image(8)), flights(), false);
  EXPECT_EQ(read.outcomes.at("7").kind, Outcome::Kind::kFetch);
  // Its row may be of others, too: a group, or a row that a join partner makes anew.
  EXPECT_EQ(read.outcomes.at("8").kind, Outcome::Kind::kFetch);
}

TEST(ChangeReader, TruncateAndOtherTablesMeanNothing) {
  EXPECT_TRUE(Read(truncate(kTable)).outcomes.empty());
  const auto other = relation(99, 'k', {{3, kInt4, "id"}});
  EXPECT_TRUE(Read(insert(99, value(be(std::int32_t{1}))), other).outcomes.empty());
}

TEST(ChangeReader, ColumnsAreFoundByNameWhateverTheirOrder) {
  const auto shape = relation(kTable, 'k', {{2, kText, "name"}, {0, kNumeric, "price"}, {2, kText, "new"},
                                            {3, kInt4, "id"}});
  Read read(insert(kTable, value("n") + value("2") + value("x") + value(be(std::int32_t{5}))), shape);
  const auto& row = read.reader.row(read.outcomes.at("5"));
  EXPECT_EQ(row[1].bytes, "n");
  EXPECT_EQ(row[2].bytes, "2");
}

TEST(ChangeReader, AMissingColumnStopsTheModelWithAlterModel) {
  const auto shape = relation(kTable, 'k', {{3, kInt4, "id"}, {2, kText, "name"}});
  EXPECT_NE(hint_of(insert(kTable, value(be(std::int32_t{5})) + value("n")), shape).find("alter_model"),
            std::string::npos);
}

TEST(ChangeReader, ARetypedColumnStopsTheModelWithReloadModel) {
  const auto shape = relation(kTable, 'k', {{3, kInt4, "id"}, {2, kInt4, "name"}, {0, kNumeric, "price"}});
  EXPECT_NE(hint_of(insert(kTable, flight(5, "abcd", "1")), shape).find("reload_model"),
            std::string::npos);
}

TEST(ChangeReader, AnUpdateWithoutTheIdentityStopsTheModelAndAnInsertDoesNot) {
  const auto lost = relation(kTable, 'n', {{2, kInt4, "id"}, {2, kText, "name"}, {0, kNumeric, "price"}});
  EXPECT_EQ(Read(insert(kTable, flight(5, "a", "1")), lost).outcomes.size(), 1u);
  EXPECT_NE(hint_of(update(kTable, "", flight(5, "a", "1")), lost).find("REPLICA IDENTITY"),
            std::string::npos);
}

TEST(ChangeReader, ADeltaQueryGetsEveryOldAndNewImageOnce) {
  auto model = model_of(false);
  model.deltas = {{kTable, Model::Delta::Mode::kQuery, {"name", "id"}, "SELECT …"}};
  const auto shape = relation(kTable, 'f', {{3, kInt4, "id"}, {1, kText, "name"}, {1, kNumeric, "price"}});
  const auto commit = commit_of(insert(kTable, flight(1, "a", "1")) +
                                    update(kTable, flight(1, "a", "1"), flight(1, "b\"", "2")) +
                                    erase(kTable, value(be(std::int32_t{1})) + kNullByte + kNullByte),
                                shape);
  ChangeReader reader(model);
  ChangeReader::Outcomes outcomes;
  std::vector<DeltaImages> images(1);
  reader.read(commit.changes, outcomes, images);
  EXPECT_TRUE(outcomes.empty());
  EXPECT_EQ(images[0].size(), 3u);
  const std::vector<std::optional<std::string>> expected = {R"({"a","b\"",NULL})", R"({"1","1","1"})"};
  EXPECT_EQ(images[0].parameters(), expected);
}

TEST(ChangeReader, ADeltaQueryWhoseColumnsTheIdentityLacksStopsTheModel) {
  auto model = model_of(false);
  model.deltas = {{kTable, Model::Delta::Mode::kQuery, {"name"}, "SELECT …"}};
  const auto commit = commit_of(update(kTable, "", flight(1, "b", "2")));
  ChangeReader reader(model);
  ChangeReader::Outcomes outcomes;
  std::vector<DeltaImages> images(1);
  EXPECT_THROW(reader.read(commit.changes, outcomes, images), Error);
}

TEST(ChangeReader, CompositeKeysAreJoinedAndEscaped) {
  auto model = model_of();
  model.key = {0, 1};
  model.deltas[0].columns = {"id", "name"};
  const auto shape = relation(kTable, 'k', {{3, kInt4, "id"}, {3, kText, "name"}, {0, kNumeric, "price"}});
  const auto commit = commit_of(insert(kTable, flight(1, "a|b\\c", "1")), shape);
  ChangeReader reader(model);
  ChangeReader::Outcomes outcomes;
  std::vector<DeltaImages> images(1);
  reader.read(commit.changes, outcomes, images);
  EXPECT_TRUE(outcomes.contains("1|a\\|b\\\\c"));
}

}  // namespace
}  // namespace daas
