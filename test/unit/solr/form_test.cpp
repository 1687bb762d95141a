#include "solr/form.hpp"

#include <gtest/gtest.h>

namespace daas {
namespace {

TEST(Form, UnreservedBytesStandAsTheyAre) {
  const std::string unreserved = "ABCXYZabcxyz0189-._~";
  EXPECT_EQ(percent_encode(unreserved), unreserved);
}

TEST(Form, EveryOtherByteIsEncoded) {
  int encoded = 0;
  for (int c = 0; c < 256; ++c) {
    const std::string one(1, static_cast<char>(c));
    const std::string out = percent_encode(one);
    if (out == one) continue;
    ASSERT_EQ(out.size(), 3u) << c;
    EXPECT_EQ(out[0], '%');
    EXPECT_EQ(std::stoi(out.substr(1), nullptr, 16), c);
    ++encoded;
  }
  EXPECT_EQ(encoded, 256 - 66);
}

TEST(Form, ParametersKeepTheirOrderAndRepeat) {
  EXPECT_EQ(form_encode({{"q", "*:*"}, {"fq", "a b"}, {"fq", "c&d=e+f"}, {"v", ""}}),
            "q=%2A%3A%2A&fq=a%20b&fq=c%26d%3De%2Bf&v=");
}

TEST(Form, NoParametersAreAnEmptyBody) {
  EXPECT_EQ(form_encode({}), "");
}

}  // namespace
}  // namespace daas
