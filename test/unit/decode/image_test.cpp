#include "decode/image.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "event_bytes.hpp"

namespace daas {
namespace {

using namespace test;

TEST(ParseImage, GivesEachColumnsState) {
  const std::string image = value("abc") + value("") + kNullByte + kUnchangedByte + kOmittedByte;
  std::vector<Value> values;
  parse_image(image, 5, values);
  ASSERT_EQ(values.size(), 5u);
  EXPECT_EQ(values[0].state, Value::State::kPresent);
  EXPECT_EQ(values[0].bytes, "abc");
  EXPECT_EQ(values[1].state, Value::State::kPresent);
  EXPECT_EQ(values[1].bytes, "");
  EXPECT_EQ(values[2].state, Value::State::kNull);
  EXPECT_EQ(values[3].state, Value::State::kUnchanged);
  EXPECT_EQ(values[4].state, Value::State::kOmitted);
}

TEST(ParseImage, LengthsOnBothSidesOfTheShortFormAreRead) {
  std::vector<Value> values;
  for (const std::size_t length : {0, 1, 0xFA, 0xFB, 0xFC, 0xFD, 0xFF, 0x100, 70'000}) {
    const std::string bytes(length, 'x');
    const std::string image = value(bytes);
    parse_image(image, 1, values);
    EXPECT_EQ(values.at(0).bytes, bytes);
  }
}

TEST(ParseImage, ViewsPointIntoTheImage) {
  const std::string image = value("abc");
  std::vector<Value> values;
  parse_image(image, 1, values);
  EXPECT_EQ(values[0].bytes.data(), image.data() + 1);
}

TEST(ParseImage, ReplacesWhatTheVectorHeld) {
  std::vector<Value> values(7);
  parse_image(value("a"), 1, values);
  EXPECT_EQ(values.size(), 1u);
  parse_image("", 3, values);
  EXPECT_TRUE(values.empty());
}

TEST(ParseImage, BytesThatAreNoImageAreRefused) {
  std::vector<Value> values;
  EXPECT_THROW(parse_image("\x05"
                           "abc",
                           1, values),
               Error);
  EXPECT_THROW(parse_image("\xFC", 1, values), Error);
  EXPECT_THROW(parse_image("\xFC\xFF\xFF\xFF\xFF", 1, values), Error);
  EXPECT_THROW(parse_image(kNullByte, 2, values), Error);
  EXPECT_THROW(parse_image(kNullByte + kNullByte, 1, values), Error);
  EXPECT_THROW(parse_image(kNullByte, 1'000'000'000'000, values), Error);
}

}  // namespace
}  // namespace daas
