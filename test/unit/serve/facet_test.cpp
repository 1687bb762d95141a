#include "serve/facet.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace daas {
namespace {

using nlohmann::json;

Api api() {
  Api one;
  one.path = "t";
  for (const auto& [name, type] : {std::pair{"name", "text"}, {"small", "smallint"}, {"ratio", "double precision"}, {"day", "date"},
                                  {"at", "timestamp with time zone"}, {"tags", "text[]"}}) {
    one.columns.push_back({name, value_type_named(type), "", type});
  }
  return one;
}

FacetShape plan(const std::string& text, json* sent = nullptr) {
  const auto one = api();
  const auto facet = parse_facets(text).at(0);
  std::string member;
  auto shape = plan_facet(facet, 3, *one.column(facet.column), one, member);
  if (sent != nullptr) *sent = json::parse("{" + member + "}").at("facet3");
  return shape;
}

std::string answered(const FacetShape& shape, std::string solr) {
  solr.reserve(solr.size() + simdjson::SIMDJSON_PADDING);
  simdjson::ondemand::parser parser;
  auto document = parser.iterate(solr.data(), solr.size(), solr.capacity());
  return facet_answer(document.get_object(), shape);
}

TEST(Facets, NamesMayBeQuotedAndRenamed) {
  const auto facets = parse_facets(R"(a, "b,c"(5) ,x:"d(",e("2024-01-01 00:00".."2024-02-01",'1 day'))");
  ASSERT_EQ(facets.size(), 4u);
  EXPECT_EQ(facets[1].column, "b,c");
  EXPECT_EQ(facets[1].most, 5u);
  EXPECT_EQ(facets[2].name, "x");
  EXPECT_EQ(facets[2].column, "d(");
  EXPECT_EQ(facets[3].from, "2024-01-01 00:00");
  EXPECT_EQ(facets[3].step, "'1 day'");
}

TEST(Facets, NoBucketIsAskedForThatNoRowHas) {
  json sent;
  plan("name(7)", &sent);
  EXPECT_EQ(sent, json::parse(R"({"type":"terms","field":"c_name_s","limit":7,"mincount":1,"missing":true,"refine":true})"));
  plan("tags", &sent);
  EXPECT_EQ(sent.at("missing"), false);
}

TEST(Facets, MonthsKeepTheirDayWhereTheyHaveIt) {
  EXPECT_EQ(plan("day(2024-01-31..2024-05-01,1 month)").bounds,
            (std::vector<std::string>{"\"2024-01-31\"", "\"2024-02-29\"", "\"2024-03-31\"", "\"2024-04-30\"", "\"2024-05-01\""}));
  EXPECT_EQ(plan("at(1999-12-31T12:00:00Z..2000-02-29,1 mon)").bounds,
            (std::vector<std::string>{"\"1999-12-31T12:00:00+00:00\"", "\"2000-01-31T12:00:00+00:00\"", "\"2000-02-29T00:00:00+00:00\""}));
}

TEST(Facets, RangesAreTheTwins) {
  json sent;
  plan("day(2000-01-02..2000-01-05,2 days)", &sent);
  EXPECT_EQ(sent.at("ranges"), json::parse(R"([{"from":1,"to":3},{"from":3,"to":4}])"));
}

TEST(Facets, ValuesAreWrittenAsRowsWriteThem) {
  EXPECT_EQ(answered(plan("name"), R"json({"buckets":[{"val":"a\"\u00e4","count":2}],"missing":{"count":3}})json"),
            "[{\"value\":\"a\\\"ä\",\"count\":2},{\"value\":null,\"count\":3}]");
  EXPECT_EQ(answered(plan("day"), R"({"buckets":[{"val":-1,"count":2}],"missing":{"count":0}})"), R"([{"value":"1999-12-31","count":2}])");
  EXPECT_EQ(answered(plan("small(0..2,1)"), R"json({"buckets":[{"val":"[0,1)","count":2},{"val":"[1,2)","count":0}]})json"),
            R"([{"from":0,"to":1,"count":2},{"from":1,"to":2,"count":0}])");
}

}  // namespace
}  // namespace daas
