#include "serve/plan.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <regex>

namespace daas {
namespace {

using nlohmann::json;
using Parameters = std::vector<std::pair<std::string, std::string>>;

Api flights() {
  Api api;
  api.path = "flights";
  api.collection = "shop.flights.g3";
  api.columns = {{"id", ValueType::kInt8, "", "bigint"},
                 {"origin", ValueType::kText, "", "text"},
                 {"delay", ValueType::kInt4, "", "integer"},
                 {"price", ValueType::kNumeric, "", "numeric"},
                 {"ratio", ValueType::kFloat8, "", "double precision"},
                 {"open", ValueType::kBoolean, "", "boolean"},
                 {"at", ValueType::kTimestampTz, "", "timestamp with time zone"},
                 {"extra", ValueType::kJsonb, "", "jsonb"},
                 {"secret", ValueType::kText, "", "text"}};
  api.fields = {"id", "origin", "delay", "price", "ratio", "open", "at", "extra", "later"};
  api.filters = {"id", "origin", "delay", "price", "ratio", "open", "at", "extra", "later"};
  api.is_public = true;
  return api;
}

ReadPlan plan(const std::string& query, const Api& api = flights(), const json& claims = nullptr) {
  return plan_read(parse_read(parse_target("/flights?" + query), {}, api.path, api.filters, api.fields), api,
                   claims, std::chrono::milliseconds(5000));
}

std::string code(const std::string& query, const Api& api = flights(),
                 const json& claims = nullptr) {
  try {
    plan(query, api, claims);
    return "accepted";
  } catch (const Refusal& refusal) {
    return std::to_string(refusal.error().status) + " " + refusal.error().code;
  }
}

std::string parameter(const ReadPlan& plan, const std::string& name) {
  std::string value = "(absent)";
  for (const auto& [key, text] : plan.solr.parameters) {
    if (key == name) value = text;
  }
  return value;
}

/// The query of one filter with its $f and $v replaced, for reading.
std::string filter(const std::string& query) {
  const auto planned = plan(query);
  auto text = parameter(planned, "q");
  for (bool found = true; found;) {
    found = false;
    for (const auto& [name, value] : planned.solr.parameters) {
      if (name[0] != 'f' || name == "fl" || name == "fq") continue;
      for (std::size_t at = text.find("$" + name); at != std::string::npos;
           at = text.find("$" + name)) {
        const auto end = at + name.size() + 1;
        if (end < text.size() && isdigit(text[end])) break;
        text.replace(at, name.size() + 1, "<" + value + ">");
        found = true;
      }
    }
  }
  const std::string head = "{!bool must=<", tail = "> must_not=$dead}";
  EXPECT_TRUE(text.starts_with(head) && text.ends_with(tail)) << text;
  return text.substr(head.size(), text.size() - head.size() - tail.size());
}

TEST(Stream, GoesInPagesOfItsOwnHoweverSmallTheApisAnswersAre) {
  auto api = flights();
  api.max_rows = 2;
  const auto planned = [&](const std::string& query, const char* accept) {
    return plan_read(parse_read(parse_target("/flights?" + query), {"", accept, ""}, "flights", api.filters), api, {{"airports", "EWR"}}, std::chrono::milliseconds(1));
  };
  EXPECT_EQ(planned("", "application/x-ndjson").shape.rows, 1000u);
  EXPECT_EQ(planned("limit=3", "application/x-ndjson").shape.rows, 3u);
  EXPECT_TRUE(planned("limit=3", "application/x-ndjson").streams);
  EXPECT_FALSE(planned("limit=2", "application/x-ndjson").streams);
  EXPECT_FALSE(planned("_cursor=", "application/x-ndjson").streams);
  EXPECT_EQ(planned("", "application/json").shape.rows, 2u);
}

TEST(Plan, TheFrameOfAReadIsExactlyThis) {
  auto api = flights();
  api.scope = {{"origin", "airports"}};
  const auto planned = plan("delay=gte.10&origin=eq.a,b&order=delay.desc&limit=20&offset=5", api,
                            {{"airports", {"EWR", "J,FK"}}});
  EXPECT_EQ(planned.solr.collection, "shop.flights.g3");
  const Parameters expected = {
      {"ssep", "\x1F"},
      {"fq", "{!terms f=c_origin_s separator=$ssep v=$scope0}"},
      {"scope0", "EWR\x1FJ,FK"},
      {"q", "{!bool must=$f0 must=$f1 must_not=$dead}"},
      {"all", "*:*"},
      {"dead", "_deleted_:true"},
      {"f0", "c_delay_l:[\"10\" TO *]"},
      {"v0", "a,b"},
      {"f1", "{!term f=c_origin_s v=$v0}"},
      {"sort", "exists(c_delay_l) asc,c_delay_l desc,id asc"},
      {"start", "5"},
      {"rows", "20"},
      {"fl", "_doc_:[json]"},
      {"terms", "true"},
      {"wt", "json"},
      {"timeAllowed", "5000"},
  };
  EXPECT_EQ(planned.solr.parameters, expected);
}

TEST(Plan, SeveralShardsTellTheStateBesideTheRows) {
  auto api = flights();
  for (const int shards : {1, 2}) {
    api.shards = shards;
    const auto planned = plan("", api);
    const auto count = [&](const std::string& wanted) {
      return std::count_if(planned.solr.parameters.begin(), planned.solr.parameters.end(), [&](const auto& one) { return one.first == wanted; });
    };
    EXPECT_EQ(count("terms"), shards == 1);
    EXPECT_EQ(count("json.facet"), shards == 2);
  }
  EXPECT_NE(parameter(plan("", api), "json.facet").find("_state_"), std::string::npos);
}

TEST(Plan, WithoutFiltersTheQueryIsAllButTombstones) {
  EXPECT_EQ(parameter(plan(""), "q"), "{!bool must=$all must_not=$dead}");
  EXPECT_EQ(parameter(plan(""), "sort"), "id asc");
  EXPECT_EQ(parameter(plan(""), "rows"), "1000");
  EXPECT_EQ(parameter(plan(""), "fq"), "(absent)");
}

TEST(Plan, EqualityAndItsNegationsKnowNull) {
  EXPECT_EQ(filter("origin=eq.x"), "{!term f=c_origin_s v=$v0}");
  EXPECT_EQ(filter("origin=neq.x"),
            "{!bool must=<c_origin_s:*> must_not=<{!term f=c_origin_s v=$v0}>}");
  EXPECT_EQ(filter("origin=not.eq.x"), filter("origin=neq.x"));
  EXPECT_EQ(filter("origin=not.neq.x"), filter("origin=eq.x"));
  EXPECT_EQ(filter("origin=isdistinct.x"),
            "{!bool must=$all must_not=<{!term f=c_origin_s v=$v0}>}");
  EXPECT_EQ(filter("origin=not.isdistinct.x"), filter("origin=eq.x"));
  EXPECT_EQ(filter("origin=is.null"), "{!bool must=$all must_not=<c_origin_s:*>}");
  EXPECT_EQ(filter("origin=not.is.null"), "c_origin_s:*");
  EXPECT_EQ(filter("origin=is.not_null"), "c_origin_s:*");
}

TEST(Plan, ListsAreTermsAndListsOfDoublesAreClauses) {
  EXPECT_EQ(filter("delay=in.(1,-2)"), "{!terms f=c_delay_l separator=$v0 v=$v1}");
  EXPECT_EQ(parameter(plan("delay=in.(1,-2)"), "v1"), "1\x1F-2");
  EXPECT_EQ(filter("delay=not.in.(1,2)"),
            "{!bool must=<c_delay_l:*> must_not=<{!terms f=c_delay_l separator=$v0 v=$v1}>}");
  EXPECT_EQ(filter("ratio=in.(1.5,-2)"),
            "{!bool should=<{!term f=c_ratio_d v=$v0}> should=<{!term f=c_ratio_d v=$v1}>}");
  EXPECT_EQ(filter("origin=in.(\"\")"), "{!bool must_not=$all}");
  EXPECT_EQ(filter("origin=in.()"), "{!bool must_not=$all}");
  EXPECT_EQ(filter("origin=not.in.()"), "*:*");
  EXPECT_EQ(filter("origin=in.(x)"), filter("origin=eq.x"));
}

TEST(Plan, AListTakesASeparatorThatNoValueHolds) {
  EXPECT_EQ(parameter(plan("origin=in.(a%1Fb,c)"), "v0"), "\x1E");
  EXPECT_EQ(parameter(plan("origin=in.(a%1Fb%1E,c%1D)"), "v0"), "\x1C");
  EXPECT_EQ(code("origin=in.(%1F%1E,%1D%1C)"), "400 22023");
}

TEST(Plan, RangesCompareTextByBytesAndNumbersByLiterals) {
  EXPECT_EQ(filter("origin=gt.x"), "{!frange l=$v0 incl=false}c_origin_s");
  EXPECT_EQ(filter("origin=gte.x"), "{!frange l=$v0 incl=true}c_origin_s");
  EXPECT_EQ(filter("origin=lt.x"), "{!frange u=$v0 incu=false}c_origin_s");
  EXPECT_EQ(filter("origin=lte.x"), "{!frange u=$v0 incu=true}c_origin_s");
  EXPECT_EQ(filter("price=gt.1.5").substr(0, 29), "{!frange l=$v0 incl=false}c_p");
  EXPECT_EQ(filter("delay=gt.5"), "c_delay_l:{\"5\" TO *]");
  EXPECT_EQ(filter("delay=lt.-5"), "c_delay_l:[* TO \"-5\"}");
  EXPECT_EQ(filter("delay=not.lte.5"),
            "{!bool must=<c_delay_l:*> must_not=<c_delay_l:[* TO \"5\"]>}");
}

TEST(Plan, DoublesKeepZeroAndNanAsInPostgresql) {
  EXPECT_EQ(filter("ratio=eq.0"), "c_ratio_d:[\"-0.0\" TO \"0.0\"]");
  EXPECT_EQ(filter("ratio=eq.-0"), filter("ratio=eq.0"));
  EXPECT_EQ(filter("ratio=gt.0"),
            "{!bool should=<c_ratio_d:{\"0.0\" TO *]> should=<{!term f=c_ratio_d v=$v0}>}");
  EXPECT_EQ(filter("ratio=gte.0"),
            "{!bool should=<c_ratio_d:[\"-0.0\" TO *]> should=<{!term f=c_ratio_d v=$v0}>}");
  EXPECT_EQ(filter("ratio=lt.0"), "c_ratio_d:[* TO \"-0.0\"}");
  EXPECT_EQ(filter("ratio=lte.0"), "c_ratio_d:[* TO \"0.0\"]");
  EXPECT_EQ(filter("ratio=gt.NaN"), "{!bool must_not=$all}");
  EXPECT_EQ(filter("ratio=lte.NaN"), "c_ratio_d:*");
}

TEST(Plan, BooleansHaveAnOrder) {
  EXPECT_EQ(filter("open=gt.false"), "{!term f=c_open_b v=$v0}");
  EXPECT_EQ(parameter(plan("open=gt.false"), "v0"), "true");
  EXPECT_EQ(filter("open=gt.true"), "{!bool must_not=$all}");
  EXPECT_EQ(filter("open=gte.false"), "c_open_b:*");
  EXPECT_EQ(filter("open=is.true"), "{!term f=c_open_b v=$v0}");
  EXPECT_EQ(filter("open=not.is.true"), "{!bool must=$all must_not=<{!term f=c_open_b v=$v0}>}");
  EXPECT_EQ(filter("open=is.unknown"), "{!bool must=$all must_not=<c_open_b:*>}");
  EXPECT_EQ(code("delay=is.true"), "400 42804");
}

TEST(Plan, ValuesAreCheckedByTheColumnsType) {
  EXPECT_EQ(code("delay=eq.abc"), "400 22P02");
  EXPECT_EQ(code("delay=eq.1 OR 1"), "400 22P02");
  EXPECT_EQ(code("delay=gt.99999999999"), "400 22003");
  EXPECT_EQ(code("delay=in.(1,x)"), "400 22P02");
  EXPECT_EQ(code("delay=eq."), "400 22P02");
  EXPECT_EQ(code("open=eq.banana"), "400 22P02");
  EXPECT_EQ(code("at=gt.NOW-1DAY").substr(0, 5), "400 2");
  EXPECT_EQ(code("ratio=eq.9.99d"), "400 22P02");
  EXPECT_EQ(code("price=gt.1;2"), "400 22P02");
}

TEST(Plan, HostileTextStaysAValue) {
  for (const char* hostile :
       {"%7B!term+f%3Dsecret%7Dx", "*", "*:*", "$v0", "$all", "%24%7Bscope0%7D",
        "x%22+OR+_deleted_:true", "a%7D+must_not%3D$all", "%5C", "%22", "%27", "_query_:%22*:*%22",
        "%0Afq=*:*", "a%26fq%3D*:*"}) {
    for (const char* op : {"eq.", "neq.", "gt.", "in.(x,", "isdistinct."}) {
      const bool list = std::string(op) == "in.(x,";
      const auto query = "origin=" + std::string(op) + hostile + (list ? ")" : "");
      const auto planned = plan(query);
      const auto raw = parse_target("/t?a=" + std::string(hostile)).parameters[0].second;
      bool seen = false;
      for (const auto& [name, value] : planned.solr.parameters) {
        if (name[0] == 'v' && value.find(raw) != std::string::npos) {
          seen = true;
        } else {
          // Nothing but generated text in every other parameter.
          static const std::regex kGenerated(
              R"(\*:\*|true|_deleted_:true|id asc|0|1000|_doc_:\[json\]|json|5000|.|c_origin_s:\*|\{!(bool|term|terms|frange)( (f|must|must_not|v|separator|l|incl)=[$a-z0-9_]+)+\}(c_origin_s)?)");
          EXPECT_TRUE(std::regex_match(value, kGenerated)) << name << " = " << value;
        }
      }
      EXPECT_TRUE(seen) << query;
    }
  }
}

TEST(Plan, OnlyAllowlistedParametersLeave) {
  auto api = flights();
  api.scope = {{"origin", "a"}, {"delay", "d"}};
  const auto planned =
      plan("origin=in.(a,b)&ratio=in.(1,2)&at=not.gt.2020-01-01&order=id.desc&select=id", api,
           {{"a", "x"}, {"d", 1}});
  static const std::regex kAllowed(
      "q|all|dead|fq|f[0-9]+|v[0-9]+|scope[0-9]+|ssep|rows|start|sort|fl|json\\.facet|terms|wt|timeAllowed");
  for (const auto& [name, value] : planned.solr.parameters)
    EXPECT_TRUE(std::regex_match(name, kAllowed)) << name;
}

TEST(Plan, EveryScopePairIsOneFilterAndNothingRemovesIt) {
  auto api = flights();
  api.scope = {{"origin", "a"}, {"delay", "d"}};
  const json claims = {{"a", {"x", "y"}}, {"d", 1}};
  for (const char* query :
       {"", "origin=eq.z", "origin=not.in.()", "limit=0", "select=id&order=origin"}) {
    int filters = 0;
    for (const auto& [name, value] : plan(query, api, claims).solr.parameters) {
      if (name != "fq") continue;
      EXPECT_EQ(value.find("tag="), std::string::npos);
      EXPECT_EQ(value, filters == 0 ? "{!terms f=c_origin_s separator=$ssep v=$scope0}"
                                    : "{!terms f=c_delay_l separator=$ssep v=$scope1}");
      ++filters;
    }
    EXPECT_EQ(filters, 2);
  }
}

TEST(Plan, ADeniedScopeIs403WhateverIsAsked) {
  auto api = flights();
  api.scope = {{"origin", "a"}};
  for (const char* query : {"", "delay=eq.abc", "select=nope"}) {
    EXPECT_EQ(code(query, api, json::object()), "403 42501");
    EXPECT_EQ(code(query, api, nullptr), "403 42501");
    EXPECT_EQ(code(query, api, {{"a", ""}}), "403 42501");
  }
}

TEST(Plan, ColumnsOutsideTheApiDoNotExist) {
  EXPECT_EQ(code("secret=eq.x"), "400 42703");
  EXPECT_EQ(code("select=secret"), "400 42703");
  EXPECT_EQ(code("order=secret"), "400 42703");
  EXPECT_EQ(code("select=_ver_"), "400 42703");
  EXPECT_EQ(code("order=_version_"), "400 42703");
  EXPECT_EQ(code("order=score"), "400 42703");
  try {
    plan("select=secret");
  } catch (const Refusal& refusal) {
    EXPECT_EQ(refusal.error().message, "column flights.secret does not exist");
    EXPECT_EQ(refusal.error().details.find("secret"), std::string::npos);
    EXPECT_NE(refusal.error().details.find("origin"), std::string::npos);
  }
}

TEST(Plan, AColumnWithoutATwinCanBeReadOnly) {
  EXPECT_EQ(code("select=extra"), "accepted");
  EXPECT_EQ(code("extra=is.null"), "400 0A000");
  EXPECT_EQ(code("order=extra"), "400 0A000");
  auto api = flights();
  std::erase(api.filters, "extra");
  try {
    plan("extra=eq.1", api);
    FAIL();
  } catch (const Refusal& refusal) {
    EXPECT_EQ(refusal.error().code, "0A000");
    EXPECT_EQ(refusal.error().message, "column flights.extra of type jsonb can't be filtered by");
  }
}

TEST(Plan, AnEnumIsComparedForEqualityOnly) {
  auto api = flights();
  api.columns.push_back({"mood", ValueType::kEnum, "mood", "public.mood"});
  api.fields.push_back("mood");
  api.filters.push_back("mood");
  for (const auto* query : {"mood=eq.sad", "mood=neq.sad", "mood=in.(sad,x)", "mood=is.null",
                            "mood=not.eq.sad", "mood=isdistinct.sad"}) {
    EXPECT_EQ(code(query, api), "accepted") << query;
  }
  for (const auto* query : {"mood=gt.sad", "mood=not.lte.sad", "order=mood"}) {
    EXPECT_EQ(code(query, api), "400 0A000") << query;
  }
}

TEST(Plan, AValueOfTheWrongTypeNamesItsColumn) {
  try {
    plan("delay=eq.late");
    FAIL();
  } catch (const Refusal& refusal) {
    EXPECT_EQ(refusal.error().code, "22P02");
    EXPECT_EQ(refusal.error().details, "column flights.delay is of type integer");
  }
}

TEST(Plan, AFieldThatIsNotLoadedYetIs503AndNotPartOfAll) {
  EXPECT_EQ(code("select=later"), "503 PGRST000");
  EXPECT_EQ(code("later=eq.1"), "503 PGRST000");
  EXPECT_EQ(plan("").shape.members.size(), 8u);
}

TEST(Plan, SelectKeepsOrderAndNames) {
  const auto members = plan("select=delay,x:id,*").shape.members;
  ASSERT_EQ(members.size(), 10u);
  EXPECT_EQ(members[0].column, "delay");
  EXPECT_EQ(members[1].column, "id");
  EXPECT_EQ(members[1].name, "x");
  EXPECT_EQ(members[2].column, "id");
}

TEST(Plan, OrderFollowsPostgresqlsNulls) {
  EXPECT_EQ(parameter(plan("order=delay"), "sort"), "exists(c_delay_l) desc,c_delay_l asc,id asc");
  EXPECT_EQ(parameter(plan("order=delay.desc"), "sort"),
            "exists(c_delay_l) asc,c_delay_l desc,id asc");
  EXPECT_EQ(parameter(plan("order=delay.desc.nullslast,origin.nullsfirst"), "sort"),
            "exists(c_delay_l) desc,c_delay_l desc,exists(c_origin_s) asc,c_origin_s asc,id asc");
}

TEST(Plan, RowsAndDepthAreLimited) {
  EXPECT_EQ(parameter(plan("limit=5000"), "rows"), "1000");
  EXPECT_EQ(parameter(plan("limit=0"), "rows"), "0");
  EXPECT_EQ(code("offset=9000"), "accepted");
  EXPECT_EQ(code("offset=9001"), "400 54000");
  EXPECT_EQ(code("offset=9999&limit=1"), "accepted");
  EXPECT_EQ(code("offset=18446744073709551615&limit=1"), "400 54000");
  EXPECT_EQ(code("offset=1000000000&limit=0"), "400 54000");
}

TEST(Plan, TooManyConditionsAreRefused) {
  std::string query, list;
  for (int i = 0; i < 501; ++i) query += "id=eq.1&";
  EXPECT_EQ(code(query), "400 54000");
  for (int i = 0; i < 501; ++i) list += (i ? "," : "") + std::to_string(i);
  EXPECT_EQ(code("ratio=in.(" + list + ")"), "400 54000");
  EXPECT_EQ(code("id=in.(" + list + ")"), "accepted");
  std::string order = "order=id";
  for (int i = 0; i < 32; ++i) order += ",id";
  EXPECT_EQ(code(order), "400 54000");
}

TEST(Plan, AnAnswerHasAsManyMembersAsPostgresqlAllows) {
  std::string many = "select=*";
  for (int i = 0; i < 2000; ++i) many += ",*";
  EXPECT_EQ(code(many), "400 54011");
}

}  // namespace
}  // namespace daas
