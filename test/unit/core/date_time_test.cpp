#include "core/date_time.hpp"

#include <gtest/gtest.h>

#include <string>

namespace daas {
namespace {

std::string date(std::int32_t days) {
  std::string text;
  append_date(text, days);
  return text;
}

std::string timestamp(std::int64_t microseconds, bool with_zone) {
  std::string text;
  append_timestamp(text, microseconds, with_zone);
  return text;
}

TEST(DateTime, DaysReadBackAsTheyAreWritten) {
  EXPECT_EQ(date(-2451545), "4714-11-24 BC");
  EXPECT_EQ(date(-2451544), "4714-11-25 BC");
  for (std::int32_t day = -2451545; day < 3'000'000; day += 17) {
    const auto text = date(day);
    DateTimeError error;
    const auto parsed = parse_date_time(text, error);
    ASSERT_TRUE(parsed) << text;
    ASSERT_EQ(parsed->days, day) << text;
  }
}

TEST(DateTime, TheEraStandsAtTheEnd) {
  const auto microseconds = days_of(-43, 3, 15) * 86'400'000'000;
  EXPECT_EQ(timestamp(microseconds, false), "0044-03-15 00:00:00 BC");
  EXPECT_EQ(timestamp(microseconds, true), "0044-03-15 00:00:00+00 BC");
}

TEST(DateTime, FractionsHaveNoTrailingZeros) {
  EXPECT_EQ(timestamp(1'500'000, true), "2000-01-01 00:00:01.5+00");
  EXPECT_EQ(timestamp(-1, false), "1999-12-31 23:59:59.999999");
  EXPECT_EQ(timestamp(10, false), "2000-01-01 00:00:00.00001");
}

TEST(DateTime, AnyBitsHaveAText) {
  for (const std::int32_t days : {kDateMinusInfinity + 1, kDateInfinity - 1, 0}) {
    EXPECT_FALSE(date(days).empty());
  }
  for (const std::int64_t us : {kTimestampMinusInfinity + 1, kTimestampInfinity - 1}) {
    EXPECT_FALSE(timestamp(us, true).empty());
  }
}

}  // namespace
}  // namespace daas
