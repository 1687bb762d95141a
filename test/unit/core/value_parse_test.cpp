// What PostgreSQL's input functions said of texts (data/make_value_parse.sql) is what we say.
#include "core/value_parse.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace daas {
namespace {

/// Undoes the escapes of COPY's text format.
std::vector<std::string> split_copy_line(const std::string& line) {
  std::vector<std::string> fields(1);
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\t') {
      fields.emplace_back();
    } else if (line[i] == '\\') {
      static constexpr std::string_view kLetters = "bfnrtv", kControls = "\b\f\n\r\t\v";
      const auto letter = kLetters.find(line[++i]);
      fields.back() += letter == std::string_view::npos ? line[i] : kControls[letter];
    } else {
      fields.back() += line[i];
    }
  }
  return fields;
}

/// Dates that PostgreSQL reads and we refuse: more forms than a client needs, or words whose
/// meaning changes from one moment to the next.
const std::set<std::string> kRefusedDates{
    "epoch",
    "01/02/2013",
    "2013/01/01",
    "20130101",
    "20130101T101010",
    "2013-001",
    "13-01-01",
    "113-01-01",
    "+2013-01-01",
    "-2013-01-01",
    "+012013-01-01T00:00:00.000Z",
    "2013-01-01Z",
    "2013-01-01+02",
    "2013-01-01 UTC",
    "2013-01-01 10:00 AM",
    "2013-01-01 10:00:00Z+2",
    "2013-01-01 10:00:00 UTC+2",
    "2013-01-01 10:00:00 GMT-01:30",
    "2013-01-01 10:00:00 EST",
    "2013-01-01 10:00:00 Europe/Berlin",
    "Tue Mar 05 2013",
    "Tue Mar 05 2013 10:20:30",
    "Tue Mar 05 2013 10:20:30 +0200",
    "Tue Mar 05 2013 10:20:30 UTC",
    "Tue Mar 05 2013 10:20:30 GMT+0200",
    "Tue Mar 05 2013 10:20:30 GMT-0330",
};

/// The same of times of day and intervals (22007), and of addresses (22P02).
const std::set<std::string> kRefusedTimes{
    "1000", "100000", "10:00 AM", "T10:00", "10:00+02", "10:00Z", "10:00:00 UTC", "10:-1", "10::00",
    "10:00:", "allballs", "- 1 day", "1.5 days", "0.1 years", "PT", "P1", "1 century", "1 decade",
    "1 day, 2 hours", "1-2", "1-2 3 4:05"};
const std::set<std::string> kRefusedAddresses{"8:0:2b:1:2:3", "::1.2.3"};

/// Texts that we take and PostgreSQL doesn't: what JavaScript makes of a Date.
bool is_javascript(const std::string& text) {
  return text.find("GMT") != std::string::npos && text.ends_with(')');
}

TEST(ValueParse, SaysWhatPostgresSays) {
  std::ifstream file(DAAS_TEST_DATA "/value_parse.tsv");
  int lines = 0;
  for (std::string line; std::getline(file, line); ++lines) {
    const auto fields = split_copy_line(line);
    ASSERT_EQ(fields.size(), 5U) << line;
    const auto type = value_type_named(fields[0]);
    const auto& [text, sqlstate, message, output] =
        std::tie(fields[1], fields[2], fields[3], fields[4]);
    const auto parsed = parse_value(type, text);
    SCOPED_TRACE(fields[0] + " <" + text + ">");
    if (kRefusedDates.contains(text) || kRefusedTimes.contains(text)) {
      EXPECT_EQ(parsed.sqlstate, "22007");
    } else if (kRefusedAddresses.contains(text)) {
      EXPECT_EQ(parsed.sqlstate, "22P02");
    } else if (is_javascript(text)) {
      EXPECT_NE(sqlstate, "");
    } else {
      EXPECT_EQ(parsed.sqlstate, sqlstate);
      EXPECT_EQ(parsed.message, message);
      if (parsed.ok() && !output.empty()) {
        EXPECT_EQ(parsed.twin, parse_value(type, output).twin);
      }
    }
  }
  EXPECT_GT(lines, 800);
}

TEST(ValueParse, RefusesWordsWhoseMeaningChanges) {
  for (const auto* word : {"now", "today", "tomorrow", "yesterday", "NOW"}) {
    EXPECT_EQ(parse_value(ValueType::kTimestampTz, word).sqlstate, "22007") << word;
  }
}

TEST(ValueParse, ReadsJavascriptsDateWithItsOffsetEastOfUtc) {
  const auto parsed = parse_value(
      ValueType::kTimestampTz, "Tue Mar 05 2013 10:20:30 GMT+0200 (Central European Summer Time)");
  EXPECT_EQ(parsed.twin, parse_value(ValueType::kTimestampTz, "2013-03-05 08:20:30+00").twin);
}

TEST(ValueParse, CountsFrom2000) {
  EXPECT_EQ(parse_value(ValueType::kTimestamp, "2000-01-01 00:00:00.000001").twin, "1");
  EXPECT_EQ(parse_value(ValueType::kTimestampTz, "1999-12-31T23:59:59Z").twin, "-1000000");
  EXPECT_EQ(parse_value(ValueType::kDate, "2000-01-02").twin, "1");
  EXPECT_EQ(parse_value(ValueType::kTimestamp, "infinity").twin, "9223372036854775807");
  EXPECT_EQ(parse_value(ValueType::kDate, "-infinity").twin, "-2147483648");
}

TEST(ValueParse, KeepsTextsAsTheyAre) {
  EXPECT_EQ(parse_value(ValueType::kText, " a\"|{!term} ").twin, " a\"|{!term} ");
  EXPECT_TRUE(parse_value(ValueType::kText, "").ok());
}

TEST(ValueParse, RefusesTypesWithoutTwin) {
  EXPECT_FALSE(parse_value(ValueType::kJsonb, "{}").ok());
  EXPECT_FALSE(parse_value(ValueType::kWrapped, "[1,2)").ok());
}

TEST(ValueParse, TakesAnyBytesWithoutHarm) {
  std::string bytes;
  for (int length = 0; length < 400; ++length) {
    for (int type = 0; type <= static_cast<int>(ValueType::kWrapped); ++type) {
      const auto parsed = parse_value(static_cast<ValueType>(type), bytes);
      EXPECT_EQ(parsed.ok(), parsed.message.empty());
    }
    bytes += static_cast<char>(length * 167 + 13);
  }
  EXPECT_FALSE(parse_value(ValueType::kInt4, std::string(1'000'000, '9')).ok());
  EXPECT_FALSE(parse_value(ValueType::kFloat8, std::string("1\0", 2) + "2").ok());
  EXPECT_FALSE(parse_value(ValueType::kNumeric, std::string(1'000'000, '9')).ok());
}

}  // namespace
}  // namespace daas
