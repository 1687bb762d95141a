#include "core/json_text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace daas {
namespace {

std::string escaped(const std::string& text) {
  std::string out;
  append_json_escaped(out, text);
  return out;
}

TEST(JsonText, EscapesEveryByteThatNeedsItAtEveryPlace) {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const auto alone = escaped(std::string(1, c));
    const bool needed = byte < 0x20 || c == '"' || c == '\\';
    EXPECT_EQ(alone.size() > 1, needed) << "byte " << byte;
    for (std::size_t size = 1; size <= 20; ++size) {
      for (std::size_t place = 0; place < size; ++place) {
        std::string text(size, 'x');
        text[place] = c;
        const auto expected = std::string(place, 'x') + alone + std::string(size - place - 1, 'x');
        ASSERT_EQ(escaped(text), expected) << "byte " << byte << " at " << place << " of " << size;
      }
    }
  }
}

TEST(JsonText, EscapesNeighbours) {
  EXPECT_EQ(escaped("\"\"\"\"\"\"\"\"\\\\12345678\n"),
            R"(\"\"\"\"\"\"\"\"\\\\12345678\n)");
  EXPECT_EQ(escaped(""), "");
}

TEST(JsonText, ANumberIsWhatJsonCallsOne) {
  for (const auto* text : {"0", "-0", "10", "-7.635009", "1e300", "1E-5", "0.0e+1", "12345678901234567890"}) {
    EXPECT_TRUE(is_json_number(text)) << text;
  }
  for (const auto* text : {"", "-", "NaN", "Infinity", "-Infinity", "-7.", ".5", "01", "1e", "1e+", "1 ", "1,2", "+1"}) {
    EXPECT_FALSE(is_json_number(text)) << text;
  }
}

}  // namespace
}  // namespace daas
