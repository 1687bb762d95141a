#include "decode/outbox_reader.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "decode/image.hpp"
#include "decode/stream_decoder.hpp"

namespace daas {
namespace {

constexpr std::uint32_t kTable = 16455;
constexpr std::uint32_t kPart = 16470;
constexpr std::uint32_t kElsewhere = 16480;
constexpr Lsn kPosition = 5000;

using Row = OutboxReader::Row;
using Image = std::vector<std::optional<std::string>>;

class OutboxReaderTest : public testing::Test {
 protected:
  std::vector<Commit> scan(const std::vector<Row>& rows, Lsn position = kPosition) {
    reader_.begin(position);
    for (const auto& row : rows) reader_.add(row);
    reader_.end();
    std::vector<Commit> commits;
    while (auto message = reader_.next()) {
      ++messages_;
      for (auto& commit : decoder_.feed(std::move(*message))) commits.push_back(std::move(commit));
    }
    EXPECT_FALSE(decoder_.in_transaction());
    return commits;
  }

  std::vector<std::string> columns_{"id", "note"};
  int looked_up_ = 0;
  bool elsewhere_ = false;  ///< that one is a source, too
  int messages_ = 0;
  OutboxReader reader_{[this](std::uint32_t relation) -> std::vector<OutboxReader::Source> {
    ++looked_up_;
    if (relation == kElsewhere && !elsewhere_) return {};
    OutboxReader::Source source{kTable, "public", "f", {}};
    for (const auto& name : columns_) source.columns.push_back({name, 23, -1});
    return {source};
  }};
  StreamDecoder decoder_;
};

Row changed(std::uint64_t xid, std::vector<Image> images, std::vector<std::string> columns = {"id"}) {
  return {xid, kTable, 'C', std::move(columns), std::move(images), 77};
}

Row ddl(std::uint64_t xid, const std::string& content) { return {xid, 0, 'D', {}, {{content}}, 77}; }

std::vector<Value> values(const Change& change) {
  std::vector<Value> values;
  parse_image(change.new_image, change.relation->columns.size(), values);
  return values;
}

TEST_F(OutboxReaderTest, ImagesHaveTheColumnsThatTheirRowNamesAndNoOthers) {
  const auto commits = scan({changed(7, {{"1"}, {std::nullopt}}), changed(7, {{"x", "2"}}, {"note", "id"})});
  ASSERT_EQ(commits.size(), 1u);
  EXPECT_EQ(commits[0].xid, 7u);
  EXPECT_EQ(commits[0].lsn, kPosition);
  EXPECT_EQ(commits[0].end_lsn, 0u) << "others of the scan may still come";
  EXPECT_EQ(commits[0].time_us, 77);
  ASSERT_EQ(commits[0].changes.size(), 3u);
  EXPECT_EQ(commits[0].changes[0].relation->oid, kTable);
  EXPECT_EQ(commits[0].changes[0].kind, ChangeKind::kInsert);
  EXPECT_EQ(values(commits[0].changes[0])[0].bytes, "1");
  EXPECT_EQ(values(commits[0].changes[0])[1].state, Value::State::kOmitted);
  EXPECT_EQ(values(commits[0].changes[1])[0].state, Value::State::kNull);
  EXPECT_EQ(values(commits[0].changes[2])[0].bytes, "2");
  EXPECT_EQ(values(commits[0].changes[2])[1].bytes, "x");
}

TEST_F(OutboxReaderTest, EachTransactionIsACommitAndOneOfOtherTablesOnlyIsNone) {
  auto elsewhere = changed(8, {{"1"}});
  elsewhere.relation = kElsewhere;
  const auto commits = scan({changed(7, {{"1"}}), elsewhere, changed(9, {{"1"}})});
  ASSERT_EQ(commits.size(), 2u);
  EXPECT_EQ(commits[0].xid, 7u);
  EXPECT_EQ(commits[1].xid, 9u);
  // The next scan has a position of its own.
  EXPECT_EQ(scan({changed(5, {{"1"}})}, 6000)[0].lsn, 6000u);
  EXPECT_TRUE(scan({}).empty());
}

TEST_F(OutboxReaderTest, AChangeWithoutImagesIsAChangeAllTheSame) {
  const auto commits = scan({changed(7, {}, {})});
  ASSERT_EQ(commits.size(), 1u);
  ASSERT_EQ(commits[0].changes.size(), 1u);
  EXPECT_EQ(values(commits[0].changes[0])[0].state, Value::State::kOmitted);
}

TEST_F(OutboxReaderTest, ATruncateAndWhatIsTooLongAreToldOfTheRoot) {
  const auto commits = scan({{7, kPart, 'T', {}, {}, 0}, {8, kPart, 'L', {}, {}, 0}});
  ASSERT_EQ(commits.size(), 2u);
  EXPECT_EQ(commits[0].truncated, std::vector<std::uint32_t>{kTable});
  ASSERT_EQ(commits[1].messages.size(), 1u);
  EXPECT_EQ(commits[1].messages[0].prefix, "daas.ddl");
  EXPECT_NE(commits[1].messages[0].content.find(R"("event":"table_rewrite")"), std::string::npos);
  EXPECT_NE(commits[1].messages[0].content.find(std::to_string(kTable)), std::string::npos);
}

TEST_F(OutboxReaderTest, TablesAreLookedUpOnceAScanAndAgainAfterDdl) {
  scan({changed(7, {{"1"}}), changed(8, {{"2"}})});
  EXPECT_EQ(looked_up_, 1);
  const std::string message(100'000, 'x');  // longer than a message of the plugin
  columns_ = {"note", "id"};
  const auto commits = scan({ddl(10, message), changed(10, {{"1"}})});
  EXPECT_EQ(looked_up_, 2);
  ASSERT_EQ(commits.size(), 1u);
  EXPECT_EQ(commits[0].messages[0].content, message);
  EXPECT_EQ(values(commits[0].changes[0])[1].bytes, "1");
}

TEST_F(OutboxReaderTest, ATableThatWasNoSourceMayBeOneInTheNextScan) {
  auto row = changed(7, {{"1"}});
  row.relation = kElsewhere;
  EXPECT_TRUE(scan({row}).empty());
  elsewhere_ = true;
  EXPECT_EQ(scan({row}).size(), 1u);
}

TEST_F(OutboxReaderTest, AColumnThatIsGoneHasNoValue) {
  columns_ = {"id"};
  const auto commits = scan({changed(7, {{"1", "x"}}, {"id", "dropped"})});
  EXPECT_EQ(values(commits[0].changes[0]).size(), 1u);
}

TEST_F(OutboxReaderTest, ALargeTransactionComesInSeveralMessages) {
  std::vector<Row> rows;
  for (int i = 0; i < 100; ++i) rows.push_back(changed(7, std::vector<Image>(256, Image{"1234567890"})));
  const auto commits = scan(rows);
  ASSERT_EQ(commits.size(), 1u);
  EXPECT_EQ(commits[0].change_count, 25'600u);
  EXPECT_GT(messages_, 5);
}

TEST_F(OutboxReaderTest, RowsThatNoTriggerWritesAreRefused) {
  EXPECT_THROW(scan({{7, kTable, 'x', {}, {}, 0}}), Error);
  EXPECT_THROW(scan({{8, kTable, 'D', {}, {}, 0}}), Error);
}

}  // namespace
}  // namespace daas
