#include "core/array_text.hpp"
#include "pg/copy_text.hpp"

#include <gtest/gtest.h>

#include "pg/connection.hpp"

namespace daas {
namespace {

TEST(CopyText, SplitsColumnsAtTabs) {
  CopyTextRow row;
  const auto& fields = row.split("a\tb\t\n");
  ASSERT_EQ(fields.size(), 3u);
  EXPECT_EQ(fields[0].text, "a");
  EXPECT_EQ(fields[1].text, "b");
  EXPECT_EQ(fields[2].text, "");
  EXPECT_FALSE(fields[2].null);
}

TEST(CopyText, TellsNullFromItsText) {
  CopyTextRow row;
  const auto& fields = row.split("\\N\t\\\\N");
  ASSERT_EQ(fields.size(), 2u);
  EXPECT_TRUE(fields[0].null);
  EXPECT_FALSE(fields[1].null);
  EXPECT_EQ(fields[1].text, "\\N");
}

TEST(CopyText, UndoesEveryEscape) {
  CopyTextRow row;
  const auto& fields = row.split("\\b\\f\\n\\r\\t\\v\\\\\tx\\ty");
  ASSERT_EQ(fields.size(), 2u);
  EXPECT_EQ(fields[0].text, "\b\f\n\r\t\v\\");
  EXPECT_EQ(fields[1].text, "x\ty");
}

TEST(CopyText, KeepsViewsOfEarlierColumnsValid) {
  CopyTextRow row;
  const std::string wide(1000, 'x');
  const auto& fields = row.split("\\t\t" + wide + "\\n\t" + wide + "\\n");
  ASSERT_EQ(fields.size(), 3u);
  EXPECT_EQ(fields[0].text, "\t");
  EXPECT_EQ(fields[1].text, wide + "\n");
}

TEST(ArrayText, QuotesEveryElement) {
  const std::vector<std::string> elements{"a", "", "q\"b\\s", "{x,y}", "NULL"};
  EXPECT_EQ(array_text(elements), R"({"a","","q\"b\\s","{x,y}","NULL"})");
}

}  // namespace
}  // namespace daas
