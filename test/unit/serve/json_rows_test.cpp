#include "serve/json_rows.hpp"

#include <gtest/gtest.h>

#include "serve/refusal.hpp"

namespace daas {
namespace {

/// `name=value,…;…` of the rows, or the code of the refusal.
std::string rows_of(std::string_view body) {
  try {
    std::string text;
    for (const auto& row : parse_json_rows(body).rows) {
      text += text.empty() ? "" : ";";
      for (const auto& [name, value] : row) text += name + "=" + value + ",";
    }
    return text;
  } catch (const Refusal& refusal) {
    return refusal.error().code;
  }
}

TEST(JsonRows, AnObjectIsOneRowAndAnArrayIsSeveral) {
  EXPECT_EQ(rows_of(R"({"a":1,"b":"x"})"), R"(a=1,b="x",)");
  EXPECT_EQ(rows_of(R"( [ {"b" : null , "a" : true}, {"a":false} ] )"), "b=null,a=true,;a=false,");
  EXPECT_EQ(parse_json_rows("[]").rows.size(), 0U);
  EXPECT_EQ(parse_json_rows("{}").rows.size(), 1U);
  EXPECT_EQ(parse_json_rows("[{},{},{}]").rows.size(), 3U);
  EXPECT_TRUE(parse_json_rows("[{}]").array);
  EXPECT_FALSE(parse_json_rows("{}").array);
}

TEST(JsonRows, NumbersKeepTheirText) {
  for (const char* number : {"0", "-0", "-0.0", "1.50", "9007199254740993", "18446744073709551616", "1e400", "1E-400", "-1.0e+05",
                             "123456789012345678901234567890.123456789012345678901234567890"}) {
    EXPECT_EQ(rows_of("{\"a\":" + std::string(number) + "}"), "a=" + std::string(number) + ",");
    EXPECT_EQ(rows_of("[{\"a\":[" + std::string(number) + ",{\"b\":" + number + "}]}]"),
              "a=[" + std::string(number) + ",{\"b\":" + number + "}],");
  }
  const std::string long_one(5000, '7');
  EXPECT_EQ(rows_of("{\"a\":" + long_one + "." + long_one + "}"), "a=" + long_one + "." + long_one + ",");
}

TEST(JsonRows, NestedValuesAreRebuilt) {
  EXPECT_EQ(rows_of(R"({"a":{"x":[1,[2,{}],"y"],"z":{"w":null}},"b":[]})"), R"(a={"x":[1,[2,{}],"y"],"z":{"w":null}},b=[],)");
  EXPECT_EQ(rows_of(R"([{"a":[[],[[]],{"b":[{}]}]},{"a":[]}])"), R"(a=[[],[[]],{"b":[{}]}],;a=[],)");
}

TEST(JsonRows, TextsAreEscapedAnew) {
  EXPECT_EQ(rows_of(R"({"\u0061\"":"\u00fc\ud83d\ude00\n\\\/\u001f"})"), "a\"=\"ü😀\\n\\\\/\\u001f\",");
  EXPECT_EQ(rows_of(R"({"a":{"b\"},\"c":1}})"), R"(a={"b\"},\"c":1},)");
  const std::string long_one(100'000, 'x');
  EXPECT_EQ(rows_of("{\"" + long_one + "\":\"" + long_one + "\"}"), long_one + "=\"" + long_one + "\",");
}

TEST(JsonRows, WhatIsNoObjectIsRefused) {
  for (const char* body : {"", " ", "null", "1", "\"x\"", "true", "[1]", "[null]", "[[]]", "[{},1]", "{", "[", "[{}", "{}{}", "{},", "[{}]]", "{\"a\"}",
                           "{\"a\":}", "{\"a\":1,}", "{a:1}", "{'a':1}", "{\"a\":01}", "{\"a\":1.}", "{\"a\":.5}", "{\"a\":+1}", "{\"a\":0x1}",
                           "{\"a\":NaN}", "{\"a\":-Infinity}", "{\"a\":nul}", "{\"a\":1//\n}", "\xef\xbb\xbf{}"}) {
    EXPECT_EQ(rows_of(body), "PGRST102") << body;
  }
}

TEST(JsonRows, AMemberTwiceIsRefusedAtEveryLevel) {
  EXPECT_EQ(rows_of(R"({"a":1,"a":1})"), "PGRST102");
  EXPECT_EQ(rows_of(R"({"a":1,"\u0061":1})"), "PGRST102");
  EXPECT_EQ(rows_of(R"([{"b":[{"a":1,"a":1}]}])"), "PGRST102");
  EXPECT_EQ(rows_of(R"([{"a":1},{"a":{"a":1}}])"), R"(a=1,;a={"a":1},)");
}

TEST(JsonRows, BytesThatAreNoUtf8AreRefused) {
  for (const char* text : {"\xff", "\xc0\x80", "\xed\xa0\x80", "\\ud800", "\\udc00", "\\ud800x", "\x01", "\xf4\x90\x80\x80"}) {
    EXPECT_EQ(rows_of("{\"a\":\"" + std::string(text) + "\"}"), "PGRST102") << text;
    EXPECT_EQ(rows_of("{\"" + std::string(text) + "\":1}"), "PGRST102") << text;
  }
  EXPECT_EQ(rows_of(R"({"a":"\u0000"})"), "22P05");
  EXPECT_EQ(rows_of(R"({"a":[{"b\u0000":1}]})"), "22P05");
  EXPECT_EQ(rows_of(std::string_view("{\"a\":\"\0\"}", 9)), "PGRST102");
}

TEST(JsonRows, NestingIsBounded) {
  const auto nested = [](int levels) {
    return "{\"a\":" + std::string(levels, '[') + std::string(levels, ']') + "}";
  };
  EXPECT_EQ(rows_of(nested(31)), "a=" + std::string(31, '[') + std::string(31, ']') + ",");
  EXPECT_EQ(rows_of(nested(32)), "PGRST102");
  EXPECT_EQ(rows_of(nested(100'000)), "PGRST102");
}

}  // namespace
}  // namespace daas
