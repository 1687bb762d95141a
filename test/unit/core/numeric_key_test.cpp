#include "core/numeric_key.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace daas {
namespace {

TEST(NumericKey, ByteOrderIsNumericOrder) {
  const std::string far(131072, '9');
  const std::vector<std::string> ascending{
      "-Infinity", "-" + far, "-1e131071", "-1e10",    "-101",      "-100",     "-99.9",
      "-10",       "-9.99",   "-9.9",      "-9",       "-1.51",     "-1.5",     "-1",
      "-0.99",     "-0.1",    "-0.09",     "-0.01",    "-1e-16383", "0",        "1e-16383",
      "0.001",     "0.01",    "0.099",     "0.1",      "0.11",      "0.9",      "1",
      "1.000001",  "1.5",     "9",         "9.99",     "10",        "10.00001", "99",
      "100",       "1e10",    "1e300",     "1e131071", far,         "Infinity", "NaN"};
  for (std::size_t i = 1; i < ascending.size(); ++i) {
    EXPECT_LT(numeric_key(ascending[i - 1]), numeric_key(ascending[i]))
        << ascending[i - 1].substr(0, 40) << " and " << ascending[i].substr(0, 40);
  }
}

TEST(NumericKey, EqualNumericsHaveEqualKeys) {
  EXPECT_EQ(numeric_key("1"), numeric_key("1.00"));
  EXPECT_EQ(numeric_key("1"), numeric_key("001."));
  EXPECT_EQ(numeric_key("-0.50"), numeric_key("-.5"));
  EXPECT_EQ(numeric_key("100"), numeric_key("1e2"));
  EXPECT_EQ(numeric_key("0"), numeric_key("-0.000"));
  EXPECT_EQ(numeric_key("0"), numeric_key("0e5"));
}

TEST(NumericKey, RefusesWhatIsNoNumeric) {
  for (const auto* text :
       {"", "-", ".", "+-1", "1.2.3", "1e", "1e+", "1x", " 1", "nan", "--1", "1e999999999"}) {
    EXPECT_EQ(numeric_key(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace daas
