#include "core/string_twin.hpp"

#include <gtest/gtest.h>

#include <string>

namespace daas {
namespace {

constexpr std::size_t kLongestTerm = 32766;

TEST(StringTwin, AShortTextIsItsOwnTwin) {
  EXPECT_EQ(string_twin(""), "");
  EXPECT_EQ(string_twin("é|\\"), "é|\\");
  EXPECT_EQ(string_twin(std::string(32000, 'a')), std::string(32000, 'a'));
}

TEST(StringTwin, ALongTextFitsLucenesTerm) {
  for (const std::size_t size : {32001, 32766, 32767, 100'000, 1'000'000}) {
    const auto twin = string_twin(std::string(size, 'a'));
    EXPECT_LE(twin.size(), kLongestTerm);
    EXPECT_TRUE(twin.starts_with(std::string(32000, 'a')));
  }
}

TEST(StringTwin, LongTextsThatDifferHaveDifferentTwins) {
  const std::string head(40'000, 'a');
  EXPECT_NE(string_twin(head), string_twin(head + 'a'));
  EXPECT_NE(string_twin(head + 'a'), string_twin(head + 'b'));
  EXPECT_EQ(string_twin(head + 'b'), string_twin(head + 'b'));
}

TEST(StringTwin, NoTextIsTheTwinOfAnother) {
  const auto twin = string_twin(std::string(40'000, 'a'));
  EXPECT_NE(string_twin(twin), twin);
}

TEST(StringTwin, IsCutBetweenCharacters) {
  for (std::size_t lead = 0; lead < 4; ++lead) {
    std::string text(lead, 'a');
    while (text.size() < 33'000) text += "🎉";
    const auto twin = string_twin(text);
    const auto kept = twin.size() - 64;
    EXPECT_EQ((kept - lead) % 4, 0U);
    EXPECT_EQ(twin.substr(0, kept), text.substr(0, kept));
  }
}

TEST(StringTwin, EndsWithTheSha256OfTheWhole) {
  // printf 'a%.0s' $(seq 40000) | sha256sum
  const auto twin = string_twin(std::string(40'000, 'a'));
  EXPECT_EQ(twin.substr(twin.size() - 64),
            "72a2f8d2643328a2e03dcb1b66fdc6610b95ba3019d88d8849ce060d0be634ce");
}

}  // namespace
}  // namespace daas
