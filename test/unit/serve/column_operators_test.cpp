#include "serve/column_operators.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "serve/plan.hpp"

namespace daas {
namespace {

constexpr const char* kTypes[] = {
    "boolean", "smallint", "integer", "bigint", "real", "double precision", "numeric", "text", "character varying", "uuid",
    "date", "timestamp without time zone", "timestamp with time zone", "character", "name", "time without time zone", "interval",
    "bytea", "inet", "cidr", "macaddr", "macaddr8", "bit", "bit varying", "oid", "enum", "jsonb", "json", "time with time zone",
    "xml", "point", "pg_lsn", "int4range", "money", "public.pair", "integer[]", "text[]", "bytea[]", "boolean[]", "timestamp with time zone[]",
    "jsonb[]", "public.mood[]"};

constexpr const char* kEvery[] = {"eq", "neq", "gt", "gte", "lt", "lte", "in", "is", "isdistinct", "like", "ilike", "match",
                                  "imatch", "cs", "cd", "ov", "fts", "plfts", "phfts", "wfts", "sl", "sr", "nxr", "nxl", "adj"};

Api api_of(const std::string& type) {
  Api api;
  api.path = "one";
  api.collection = "shop.one.g1";
  api.columns = {{"c", value_type_named(type), "", type, type == "character varying" ? "english" : ""}};
  api.fields = api.filters = {"c"};
  api.is_public = true;
  return api;
}

bool accepted(const Api& api, const std::string& query) {
  try {
    plan_read(parse_read(parse_target("/one?" + query), {}, api.path, api.filters, api.fields), api, nullptr,
              std::chrono::milliseconds(1));
    return true;
  } catch (const Refusal&) {
    return false;
  }
}

/// VALUE of OPERATOR.VALUE, encoded for an address, that fits the operator if anything does.
std::string value_of(const Column& column, const std::string& op) {
  auto sample = sample_filter(column);
  sample.erase(0, sample.find('.') + 1);
  for (const auto& [from, to] : {std::pair{"+", "%2B"}, {" ", "%20"}}) {
    for (auto at = sample.find(from); at != std::string::npos; at = sample.find(from, at + 3)) sample.replace(at, 1, to);
  }
  if (op == "is") return "null";
  if (op == "in") return "(" + sample + ")";
  const bool list = op == "cs" || op == "cd" || op == "ov";
  return list && !sample.starts_with('{') ? "{" + sample + "}" : sample;
}

TEST(ColumnOperatorsTest, AreThoseThatThePlannerTakes) {
  for (const std::string type : kTypes) {
    const auto api = api_of(type);
    const auto listed = column_operators(api.columns[0]);
    for (const std::string op : kEvery) {
      const auto found = std::find_if(listed.begin(), listed.end(), [&](const ColumnOperator& each) { return each.name == op; });
      const auto value = value_of(api.columns[0], op);
      EXPECT_EQ(found != listed.end(), accepted(api, "c=" + op + "." + value)) << type << " " << op << " " << value;
      const auto in_braces = value.starts_with('{') ? value : "{" + value + "}";
      EXPECT_EQ(found != listed.end() && found->quantifiable, accepted(api, "c=" + op + "(any)." + in_braces)) << type << " " << op;
    }
  }
}

TEST(ColumnOperatorsTest, OrderIsThatOfThePlanner) {
  for (const std::string type : kTypes) {
    const auto api = api_of(type);
    EXPECT_EQ(can_order(api.columns[0]), accepted(api, "order=c")) << type;
  }
}

TEST(ColumnOperatorsTest, TheSampleIsAccepted) {
  for (const std::string type : kTypes) {
    const auto api = api_of(type);
    const auto sample = sample_filter(api.columns[0]);
    EXPECT_EQ(sample.empty(), !can_filter(api.columns[0])) << type;
    if (sample.empty()) continue;
    EXPECT_TRUE(accepted(api, "c=" + sample.substr(0, sample.find('.') + 1) +
                                  value_of(api.columns[0], sample.substr(0, sample.find('.'))))) << type << " " << sample;
  }
}

}  // namespace
}  // namespace daas
