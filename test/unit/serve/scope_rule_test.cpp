#include "serve/scope_rule.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace daas {
namespace {

using nlohmann::json;

Api api_with(ValueType type) {
  Api api;
  api.path = "flights";
  api.columns = {{"id", ValueType::kInt8, "", "bigint"}, {"tenant", type, "", "?"}};
  api.scope = {{"tenant", "t"}};
  return api;
}

/// The filter's values, or one string "denied".
std::vector<std::string> values(ValueType type, const json& claims) {
  auto decided = scope_filters(api_with(type), claims);
  if (std::holds_alternative<ScopeDenial>(decided)) return {"denied"};
  auto& filters = std::get<std::vector<ScopeFilter>>(decided);
  EXPECT_EQ(filters.size(), 1u);
  EXPECT_FALSE(filters.at(0).values.empty());
  return filters.at(0).values;
}

using List = std::vector<std::string>;
const List kDenied = {"denied"};

TEST(Scope, OneFilterPerPairOnTheColumnsTwin) {
  auto api = api_with(ValueType::kText);
  api.scope.push_back({"id", "ids"});
  const auto decided = scope_filters(api, {{"t", "EWR"}, {"ids", {1, 2}}, {"other", "x"}});
  const auto& filters = std::get<std::vector<ScopeFilter>>(decided);
  ASSERT_EQ(filters.size(), 2u);
  EXPECT_EQ(filters[0].field, "c_tenant_s");
  EXPECT_EQ(filters[0].values, List{"EWR"});
  EXPECT_EQ(filters[1].field, "c_id_l");
  EXPECT_EQ(filters[1].values, (List{"1", "2"}));
}

TEST(Scope, AnApiWithoutPairsNeedsNoClaims) {
  auto api = api_with(ValueType::kText);
  api.scope.clear();
  EXPECT_TRUE(std::get<std::vector<ScopeFilter>>(scope_filters(api, json::object())).empty());
  EXPECT_TRUE(std::get<std::vector<ScopeFilter>>(scope_filters(api, nullptr)).empty());
}

TEST(Scope, OnePairThatFailsDeniesAll) {
  auto api = api_with(ValueType::kText);
  api.scope.push_back({"id", "ids"});
  for (const json& claims :
       {json{{"t", "EWR"}}, json{{"ids", 1}}, json{{"t", "EWR"}, {"ids", json::array()}}}) {
    EXPECT_TRUE(std::holds_alternative<ScopeDenial>(scope_filters(api, claims))) << claims;
  }
}

TEST(Scope, MissingNullEmptyAndNestedAreDenied) {
  for (const char* claims :
       {"null", "[]", "\"t\"", "{}", R"({"T":"x"})", R"({"t":null})", R"({"t":""})", R"({"t":[]})",
        R"({"t":[""]})", R"({"t":["a",""]})", R"({"t":["a",null]})", R"({"t":[["a"]]})",
        R"({"t":{"a":"a"}})", R"({"t":[{}]})", R"({"t":1.5})", R"({"t":1e3})", R"({"t":[1.0]})",
        R"({"t":99999999999999999999999})"}) {
    for (const auto type :
         {ValueType::kText, ValueType::kInt4, ValueType::kUuid, ValueType::kBoolean}) {
      EXPECT_EQ(values(type, json::parse(claims)), kDenied) << claims;
    }
  }
}

TEST(Scope, TextTakesStringsAndWholeNumbers) {
  EXPECT_EQ(values(ValueType::kText, {{"t", "a,b"}}), List{"a,b"});
  EXPECT_EQ(values(ValueType::kText,
                   {{"t", {"{!x}", "*", "$v0", "${scope}", "a\"\\ b", "\xC3\xA4", 7, -7}}}),
            (List{"{!x}", "*", "$v0", "${scope}", "a\"\\ b", "\xC3\xA4", "7", "-7"}));
  EXPECT_EQ(values(ValueType::kText, {{"t", 18446744073709551615u}}), List{"18446744073709551615"});
  EXPECT_EQ(values(ValueType::kText, {{"t", true}}), kDenied);
}

TEST(Scope, TheSeparatorAndNulAreDenied) {
  EXPECT_EQ(values(ValueType::kText, {{"t",
                                       "a\x1F"
                                       "b"}}),
            kDenied);
  EXPECT_EQ(values(ValueType::kText, {{"t", {"a", "\x1F"}}}), kDenied);
  EXPECT_EQ(values(ValueType::kText, {{"t", std::string("a\0b", 3)}}), kDenied);
}

TEST(Scope, IntegersAreParsedByTheColumnsRange) {
  EXPECT_EQ(values(ValueType::kInt4, {{"t", {1, "2", -3}}}), (List{"1", "2", "-3"}));
  EXPECT_EQ(values(ValueType::kInt8, {{"t", 9223372036854775807}}), List{"9223372036854775807"});
  for (const char* claims : {R"({"t":"1 OR 1"})", R"({"t":"*"})", R"({"t":"[* TO *]"})",
                             R"({"t":true})", R"({"t":"1.0"})", R"({"t":[1,"x"]})",
                             R"({"t":2147483648})", R"({"t":"99999999999999999999"})"}) {
    EXPECT_EQ(values(ValueType::kInt4, json::parse(claims)), kDenied) << claims;
  }
  EXPECT_EQ(values(ValueType::kInt2, {{"t", 32768}}), kDenied);
  EXPECT_EQ(values(ValueType::kInt8, {{"t", 9223372036854775808u}}), kDenied);
}

TEST(Scope, UuidsAreCanonicalAndBooleansAreBooleans) {
  EXPECT_EQ(values(ValueType::kUuid, {{"t", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"}}),
            List{"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"});
  EXPECT_EQ(values(ValueType::kUuid, {{"t", "a0eebc99"}}), kDenied);
  EXPECT_EQ(values(ValueType::kUuid, {{"t", 1}}), kDenied);
  EXPECT_EQ(values(ValueType::kBoolean, {{"t", true}}), List{"true"});
  EXPECT_EQ(values(ValueType::kBoolean, {{"t", {"no", "t"}}}), (List{"false", "true"}));
  EXPECT_EQ(values(ValueType::kBoolean, {{"t", 1}}), kDenied);
  EXPECT_EQ(values(ValueType::kBoolean, {{"t", "banana"}}), kDenied);
}

TEST(Scope, AColumnThatCantBeAScopeIsDenied) {
  for (const auto type :
       {ValueType::kFloat4, ValueType::kFloat8, ValueType::kNumeric, ValueType::kDate,
        ValueType::kTimestamp, ValueType::kTimestampTz, ValueType::kJsonb, ValueType::kWrapped}) {
    EXPECT_EQ(values(type, {{"t", "1"}}), kDenied);
    EXPECT_EQ(values(type, {{"t", 1}}), kDenied);
  }
  auto api = api_with(ValueType::kText);
  api.scope = {{"gone", "t"}};  // not in this generation
  EXPECT_TRUE(std::holds_alternative<ScopeDenial>(scope_filters(api, {{"t", "EWR"}})));
}

TEST(Scope, TooManyAndTooLongAreDenied) {
  EXPECT_EQ(values(ValueType::kInt4, {{"t", std::vector<int>(10'000, 1)}}).size(), 10'000u);
  EXPECT_EQ(values(ValueType::kInt4, {{"t", std::vector<int>(10'001, 1)}}), kDenied);
  EXPECT_EQ(
      values(ValueType::kText, {{"t", std::vector<std::string>(7, std::string(10'000, 'x'))}}),
      kDenied);
  EXPECT_EQ(values(ValueType::kText, {{"t", std::vector<std::string>(6, std::string(10'000, 'x'))}})
                .size(),
            6u);
}

TEST(Scope, NothingButTheClaimsOwnMemberCounts) {
  // Not a path into the claims, not another spelling, not a value of a member below.
  for (const char* claims : {R"({"a":{"t":"EWR"}})", R"({"a":[{"t":"EWR"}]})", R"({"T":"EWR"})", R"({"t ":"EWR"})", R"({" t":"EWR"})",
                             R"({"t\u0000":"EWR"})", R"({"tt":"EWR"})", R"({"":"EWR"})"}) {
    EXPECT_EQ(values(ValueType::kText, json::parse(claims)), kDenied) << claims;
  }
  auto api = api_with(ValueType::kText);
  api.scope = {{"tenant", "a.t"}};
  EXPECT_TRUE(std::holds_alternative<ScopeDenial>(scope_filters(api, {{"a", {{"t", "EWR"}}}})));
  EXPECT_FALSE(std::holds_alternative<ScopeDenial>(scope_filters(api, {{"a.t", "EWR"}})));
}

TEST(Scope, OneBadValueAmongGoodOnesDeniesAll) {
  for (const char* bad : {"null", "\"\"", "[]", "[\"EWR\"]", "{}", "true", "1.5", "1e3", "\"a\\u001fb\"", "\"\\u0000\""}) {
    EXPECT_EQ(values(ValueType::kText, json::parse(std::string(R"({"t":["EWR",)") + bad + ",\"JFK\"]}")), kDenied) << bad;
  }
}

TEST(Scope, ALongTextIsComparedWholeOrDenied) {
  // Texts over 32,000 bytes have a hashed twin: two that begin alike must not open each other's rows.
  const std::string beginning(40'000, 'x');
  const auto a = values(ValueType::kText, {{"t", beginning + "a"}}), b = values(ValueType::kText, {{"t", beginning + "b"}});
  EXPECT_TRUE(a == kDenied || a != b);
}

TEST(Scope, BoundsAreOfEachPair) {
  const std::vector<std::string> most(63, std::string(1'000, 'x'));
  auto api = api_with(ValueType::kText);
  api.columns.push_back({"other", ValueType::kText, "", "text"});
  api.scope.push_back({"other", "o"});
  EXPECT_FALSE(std::holds_alternative<ScopeDenial>(scope_filters(api, {{"t", most}, {"o", most}})));
  EXPECT_TRUE(std::holds_alternative<ScopeDenial>(scope_filters(api, {{"t", most}, {"o", std::string(70'000, 'x')}})));
}

TEST(Scope, ADenialNamesTheClaimAndNeverItsValue) {
  const auto decided = scope_filters(api_with(ValueType::kInt4), {{"t", "top-secret"}});
  const auto& denial = std::get<ScopeDenial>(decided);
  EXPECT_EQ(denial.claim, "t");
  EXPECT_EQ(denial.reason.find("top-secret"), std::string::npos);
}

}  // namespace
}  // namespace daas
