#include "decode/pgoutput_reader.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "decode/image.hpp"
#include "decode/stream_decoder.hpp"
#include "event_bytes.hpp"

namespace daas {
namespace {

constexpr std::uint32_t kTable = 16455;

/// Bytes as pgoutput writes them.
class Bytes {
 public:
  explicit Bytes(char type) : bytes_(1, type) {}

  template <class Integer>
  Bytes& number(Integer value) {
    return raw(test::be(value));
  }
  Bytes& raw(std::string_view bytes) {
    bytes_ += bytes;
    return *this;
  }
  Bytes& name(std::string_view text) { return raw(text).raw(std::string_view("\0", 1)); }
  Bytes& text(std::string_view value) { return raw("t").number(static_cast<std::uint32_t>(value.size())).raw(value); }
  operator std::string() const { return bytes_; }

 private:
  std::string bytes_;
};

std::string begin(std::uint32_t xid = 7) { return Bytes('B').number(std::uint64_t{1000}).number(std::int64_t{55}).number(xid); }
std::string commit() { return Bytes('C').raw(std::string_view("\0", 1)).number(std::uint64_t{1000}).number(std::uint64_t{1048}).number(std::int64_t{55}); }
std::string table(char identity = 'd') {
  return Bytes('R').number(kTable).name("public").name("f").raw(std::string(1, identity)).number(std::uint16_t{2})
      .raw("\x01").name("id").number(std::uint32_t{23}).number(std::int32_t{-1})
      .raw(std::string_view("\0", 1)).name("note").number(std::uint32_t{25}).number(std::int32_t{-1});
}

/// What the messages become. The reader gives nothing before the commit: they are small.
std::vector<Commit> read(PgoutputReader& reader, std::initializer_list<std::string> messages) {
  StreamDecoder decoder;
  std::vector<Commit> commits;
  for (const auto& message : messages) {
    auto ready = reader.feed(message);
    if (ready.empty()) continue;
    for (auto& commit : decoder.feed(std::move(ready))) commits.push_back(std::move(commit));
  }
  return commits;
}

std::vector<Value> values(std::string_view image) {
  std::vector<Value> values;
  parse_image(image, 2, values);
  return values;
}

TEST(PgoutputReader, ATransactionOfEveryKindOfChangeIsRead) {
  PgoutputReader reader(100);
  const std::string large(300, 'x');
  const auto commits = read(reader, {
      begin(), Bytes('Y').number(std::uint32_t{9}).name("public").name("mood"), table(),
      Bytes('I').number(kTable).raw("N").number(std::uint16_t{2}).text("1").raw("n"),
      Bytes('U').number(kTable).raw("N").number(std::uint16_t{2}).text("1").text(large),
      Bytes('U').number(kTable).raw("K").number(std::uint16_t{2}).text("1").raw("n").raw("N").number(std::uint16_t{2}).text("2").raw("u"),
      Bytes('D').number(kTable).raw("K").number(std::uint16_t{2}).text("2").raw("n"),
      Bytes('T').number(std::uint32_t{1}).raw("\x01").number(kTable),
      Bytes('M').raw("\x01").number(std::uint64_t{990}).name("daas.ddl").number(std::uint32_t{2}).raw("{}"), commit()});
  ASSERT_EQ(commits.size(), 1U);
  const auto& commit = commits[0];
  EXPECT_EQ(commit.xid, 7U);
  EXPECT_EQ(commit.lsn, 1000U);
  EXPECT_EQ(commit.end_lsn, 1048U);
  EXPECT_EQ(commit.time_us, 55);
  ASSERT_EQ(commit.changes.size(), 5U);
  const auto& relation = *commit.changes[0].relation;
  EXPECT_EQ(relation.schema + "." + relation.name, "public.f");
  EXPECT_EQ(relation.identity, ReplicaIdentity::kKey);
  EXPECT_TRUE(relation.columns[0].identity);
  EXPECT_FALSE(relation.columns[1].identity);
  EXPECT_EQ(relation.columns[1].type_oid, 25U);
  EXPECT_FALSE(relation.columns[0].native);

  EXPECT_EQ(values(commit.changes[0].new_image)[0].bytes, "1");
  EXPECT_EQ(values(commit.changes[0].new_image)[1].state, Value::State::kNull);
  EXPECT_TRUE(commit.changes[1].old_image.empty());
  EXPECT_EQ(values(commit.changes[1].new_image)[1].bytes, large);
  // In a key's tuple NULL stands for what does not belong to the key.
  EXPECT_EQ(values(commit.changes[2].old_image)[1].state, Value::State::kOmitted);
  EXPECT_EQ(values(commit.changes[2].new_image)[1].state, Value::State::kUnchanged);
  EXPECT_EQ(commit.changes[3].kind, ChangeKind::kDelete);
  EXPECT_EQ(commit.changes[4].kind, ChangeKind::kTruncate);
  ASSERT_EQ(commit.messages.size(), 1U);
  EXPECT_EQ(commit.messages[0].content, "{}");
}

TEST(PgoutputReader, UnderFullIdentityTheOldRowIsWhole) {
  PgoutputReader reader(100);
  const std::string full = Bytes('R').number(kTable).name("public").name("f").raw("f").number(std::uint16_t{1})
      .raw("\x01").name("id").number(std::uint32_t{23}).number(std::int32_t{-1});
  const auto commits = read(reader, {begin(), full, Bytes('D').number(kTable).raw("O").number(std::uint16_t{1}).raw("n"), commit()});
  ASSERT_EQ(commits.size(), 1U);
  EXPECT_EQ(commits[0].changes[0].relation->identity, ReplicaIdentity::kFull);
  std::vector<Value> old;
  parse_image(commits[0].changes[0].old_image, 1, old);
  EXPECT_EQ(old[0].state, Value::State::kNull);
}

TEST(PgoutputReader, ATransactionWithoutChangesIsNothing) {
  PgoutputReader reader(100);
  const std::string not_ours = Bytes('M').raw("\x01").number(std::uint64_t{990}).name("else").number(std::uint32_t{0});
  const std::string at_once = Bytes('M').raw(std::string_view("\0", 1)).number(std::uint64_t{990}).name("daas.after").number(std::uint32_t{0});
  EXPECT_TRUE(read(reader, {begin(), not_ours, at_once, commit(), at_once}).empty());
  EXPECT_FALSE(reader.in_transaction());
}

TEST(PgoutputReader, AnybodysMessagesArePassedOver) {
  PgoutputReader reader(100);
  for (const bool transactional : {true, false}) {
    for (const auto& [prefix, size] : {std::pair{std::string(70'000, 'x'), 1U}, {"daas." + std::string(100, 'x'), 1U}, {std::string("daas.ddl"), 70'000U}}) {
      const std::string message = Bytes('M').raw(std::string(1, transactional ? '\1' : '\0')).number(std::uint64_t{990}).name(prefix).number(size).raw(std::string(size, ' '));
      EXPECT_TRUE((transactional ? read(reader, {begin(), message, commit()}) : read(reader, {message})).empty());
    }
  }
}

TEST(PgoutputReader, TransactionIdsGetTheEpochThatIsNearest) {
  constexpr std::uint64_t kEpoch = 1ULL << 32;
  const auto xid = [](std::uint64_t near_xid, std::uint32_t low) {
    PgoutputReader reader(near_xid);
    return read(reader, {begin(low), table(), commit()}).at(0).xid;
  };
  EXPECT_EQ(xid(100, 90), 90U);
  EXPECT_EQ(xid(3 * kEpoch + 5, 7), 3 * kEpoch + 7);
  EXPECT_EQ(xid(3 * kEpoch + 5, 0xFFFFFFF0), 3 * kEpoch - 16);
  EXPECT_EQ(xid(3 * kEpoch - 5, 3), 3 * kEpoch + 3);
  // It is taken from the daemon's own start, and the stream goes on from there.
  PgoutputReader reader(kEpoch - 10);
  read(reader, {begin(20), commit()});
  EXPECT_EQ(read(reader, {begin(3'000'000'000), table(), commit()}).at(0).xid, 3'000'000'000U);
}

TEST(PgoutputReader, ALargeTransactionIsGivenPieceByPiece) {
  PgoutputReader reader(100);
  StreamDecoder decoder;
  reader.feed(begin());
  reader.feed(table());
  const std::string row = Bytes('I').number(kTable).raw("N").number(std::uint16_t{2}).text("1").text(std::string(30'000, 'x'));
  std::size_t pieces = 0;
  for (int i = 0; i < 12; ++i) {
    auto ready = reader.feed(row);
    if (ready.empty()) continue;
    ++pieces;
    EXPECT_TRUE(decoder.feed(std::move(ready)).empty());
  }
  EXPECT_EQ(pieces, 4U);
  EXPECT_TRUE(reader.in_transaction());
  const auto commits = decoder.feed(reader.feed(commit()));
  ASSERT_EQ(commits.size(), 1U);
  EXPECT_EQ(commits[0].change_count, 12U);
}

TEST(PgoutputReader, WhatIsNoStreamOfPgoutputIsRefused) {
  const std::string insert = Bytes('I').number(kTable).raw("N").number(std::uint16_t{2}).text("1").raw("n");
  const std::string short_row = Bytes('I').number(kTable).raw("N").number(std::uint16_t{1}).text("1");
  const std::string odd_value = Bytes('I').number(kTable).raw("N").number(std::uint16_t{2}).text("1").raw("x");
  for (const auto& messages : std::vector<std::vector<std::string>>{{insert}, {begin(), insert}, {begin(), begin()}, {commit()}, {table()},
                                                                    {begin(), table(), short_row}, {begin(), table(), odd_value}, {"S"}, {""},
                                                                    {begin() + "x"}, {begin(), table().substr(0, 30)}}) {
    PgoutputReader reader(100);
    EXPECT_THROW(for (const auto& message : messages) reader.feed(message), Error);
  }
}

}  // namespace
}  // namespace daas
