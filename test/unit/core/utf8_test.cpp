#include "core/utf8.hpp"

#include <gtest/gtest.h>

namespace daas {
namespace {

TEST(Utf8, WellFormedTextStaysAsItIs) {
  for (const auto* text : {"", "a", "\u00e4", "\u20ac", "\U0001F600", "\uD7FF\uE000\U0010FFFF"}) {
    EXPECT_EQ(valid_utf8(text), text);
  }
}

TEST(Utf8, ACharacterThatWasCutBecomesQuestionMarks) {
  EXPECT_EQ(valid_utf8("a\xC3"), "a?");
  EXPECT_EQ(valid_utf8("a\xE2\x82"), "a??");
}

TEST(Utf8, OverlongFormsSurrogatesAndNulAreReplaced) {
  EXPECT_EQ(valid_utf8("\xC0\xAF"), "??");
  EXPECT_EQ(valid_utf8("\xED\xA0\x80"), "???");
  EXPECT_EQ(valid_utf8("\xF4\x90\x80\x80"), "????");
  EXPECT_EQ(valid_utf8(std::string_view("a\0b", 3)), "a?b");
}

}  // namespace
}  // namespace daas
