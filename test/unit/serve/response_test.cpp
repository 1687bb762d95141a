#include "serve/response.hpp"

#include <gtest/gtest.h>

#include "solr/state_term.hpp"

namespace daas {
namespace {

AnswerShape shape_of(std::vector<AnswerShape::Member> members) {
  AnswerShape shape;
  shape.members = std::move(members);
  shape.rows = 100;
  return shape;
}

const FenceState kShown{1099511627777, 4096};

std::string terms(const std::string& all) { return R"("terms":{"_state_":[)" + all + "]}"; }

std::string solr(const std::string& docs, const std::string& found = "3",
                 const std::string& header = "", const FenceState& state = kShown) {
  return R"({"responseHeader":{"zkConnected":true,"status":0,"QTime":1)" + header +
         R"(},"response":{"numFound":)" + found + R"(,"start":0,"numFoundExact":true,"docs":[)" +
         docs + "]}," + terms("\"" + state_term(state) + "\",1") + "}\n";
}

std::string document(const std::string& text) {
  return "\n      {\n        \"_doc_\":" + text + "}";
}

unsigned status_of(const std::string& body, const AnswerShape& shape) {
  try {
    return answer_read(body, shape).status;
  } catch (const Refusal& refusal) {
    return refusal.error().status;
  }
}

TEST(Answer, CopiesEveryValueByteForByte) {
  const std::string values[] = {"1e+300",
                                "-0",
                                "123456789012345678901234567890.10",
                                "1.10",
                                "\"\\u0001 \\\" \\\\ \xC3\xA4\"",
                                "null",
                                "true",
                                "{\"b\": [1, {\"a\": 1.0}], \"b\": 2}",
                                "[ ]",
                                "{}",
                                "\"NaN\"",
                                "\"\"",
                                "[1.50, \"]\", \"\\\"}\"]"};
  for (const auto& value : values) {
    const auto answer = answer_read(solr(document("{\"a\":1,\"x\":" + value + ",\"z\":2}")),
                                    shape_of({{"x", "x"}}));
    EXPECT_EQ(answer.body, "[{\"x\":" + value + "}]");
  }
}

TEST(Answer, HoldsOnlyTheAskedColumnsInTheAskedOrder) {
  const auto shape = shape_of({{"c", "c"}, {"a", "first"}, {"a", "a"}});
  EXPECT_EQ(answer_read(solr(document(R"({"a":1,"secret":2,"c":3})")), shape).body,
            R"([{"c":3,"first":1,"a":1}])");
}

TEST(Answer, NamesAreEscapedAndColumnsFoundByTheirUnescapedName) {
  const auto shape = shape_of({{"we\"ird\\", "a\"b"}, {"\xC3\xA4", "\xC3\xA4"}});
  EXPECT_EQ(answer_read(solr(document("{\"we\\\"ird\\\\\":1,\"\xC3\xA4\":2}")), shape).body,
            "[{\"a\\\"b\":1,\"\xC3\xA4\":2}]");
}

TEST(Answer, ANestedMemberOfTheSameNameIsNotTheColumn) {
  const auto shape = shape_of({{"a", "a"}});
  EXPECT_EQ(answer_read(solr(document(R"({"b":{"a":1},"a":2})")), shape).body, R"([{"a":2}])");
  EXPECT_EQ(answer_read(solr(document(R"({"b":{"a":1}})")), shape).body, R"([{"a":null}])");
}

TEST(Answer, DeeplyNestedValuesPassThrough) {
  std::string deep(5000, '[');
  deep += std::string(5000, ']');
  const auto answer = answer_read(solr(document("{\"x\":" + deep + ",\"y\":1}")),
                                  shape_of({{"x", "x"}, {"y", "y"}}));
  EXPECT_EQ(answer.body, "[{\"x\":" + deep + ",\"y\":1}]");
}

TEST(Answer, ContentRangeAndStatusFollowTheCount) {
  auto shape = shape_of({{"a", "a"}});
  const auto two = solr(document(R"({"a":1})") + "," + document(R"({"a":2})"));
  EXPECT_EQ(answer_read(two, shape).content_range, "0-1/*");
  EXPECT_EQ(answer_read(two, shape).status, 200u);
  shape.count = true;
  EXPECT_EQ(answer_read(two, shape).content_range, "0-1/3");
  EXPECT_EQ(answer_read(two, shape).status, 206u);
  shape.offset = 1;
  EXPECT_EQ(answer_read(two, shape).content_range, "1-2/3");
  shape.offset = 3;
  EXPECT_EQ(answer_read(solr(""), shape).content_range, "*/3");
  EXPECT_EQ(answer_read(solr(""), shape).status, 206u);
  shape.offset = 4;
  EXPECT_EQ(status_of(solr(""), shape), 416u);
  shape.offset = 0;
  EXPECT_EQ(answer_read(solr("", "0"), shape).content_range, "*/0");
  EXPECT_EQ(answer_read(solr("", "0"), shape).status, 200u);
  EXPECT_EQ(answer_read(solr("", "0"), shape).body, "[]");
}

TEST(Answer, SingularIsOneObjectOr406) {
  auto shape = shape_of({{"a", "a"}});
  shape.format = Format::kObject;
  EXPECT_EQ(answer_read(solr(document(R"({"a":1})"), "1"), shape).body, R"({"a":1})");
  EXPECT_EQ(status_of(solr("", "0"), shape), 406u);
  try {
    answer_read(solr("", "0"), shape);
  } catch (const Refusal& refusal) {
    EXPECT_EQ(refusal.error().details, "The result contains 0 rows");
  }
  EXPECT_EQ(status_of(solr(document(R"({"a":1})") + "," + document(R"({"a":2})"), "2"), shape),
            406u);
}

TEST(Answer, PartialResultsAreNeverAShortAnswer) {
  const auto shape = shape_of({{"a", "a"}});
  for (const char* flag : {"true", "\"omitted\"", "1", "null"}) {
    EXPECT_EQ(status_of(solr("", "0", std::string(",\"partialResults\":") + flag), shape), 504u)
        << flag;
  }
  EXPECT_EQ(status_of(solr("", "0", ",\"partialResults\":false"), shape), 200u);
}

TEST(Answer, ACountThatIsNotExactIsNotGiven) {
  auto shape = shape_of({{"a", "a"}});
  shape.count = true;
  EXPECT_EQ(
      status_of(
          R"({"responseHeader":{},"response":{"numFound":3,"numFoundExact":false,"docs":[]},)"
          R"("terms":{"_state_":[]}})",
          shape),
      504u);
}

TEST(Answer, HalfABatchIsNeverShown) {
  const auto shape = shape_of({{"a", "a"}});
  const FenceState half{7, std::nullopt};
  EXPECT_EQ(status_of(solr(document(R"({"a":1})"), "1", "", half), shape), 503u);
  EXPECT_EQ(status_of(solr("", "0", "", half), shape), 503u);
}

TEST(Answer, WhoseStateIsNotToldIsRefused) {
  const auto shape = shape_of({{"a", "a"}});
  const std::string begin = R"({"responseHeader":{},"response":{"numFound":0,"docs":[]})";
  EXPECT_EQ(status_of(begin + "," + terms("") + "}", shape), 200u) << "no fence yet";
  EXPECT_EQ(status_of(begin + "}", shape), 502u);
  EXPECT_EQ(status_of(begin + R"(,"terms":{}})", shape), 502u);
  EXPECT_EQ(status_of(begin + "," + terms("\"nonsense\",1") + "}", shape), 502u);
}

TEST(Answer, WithoutTheFacetsThatWereAskedForIsRefused) {
  auto shape = shape_of({{"a", "a"}});
  shape.facets.emplace_back();
  EXPECT_EQ(status_of(solr("", "0"), shape), 502u);
}

TEST(Answer, WhatIsNotSolrsAnswerIsRefusedAndNeverCrashes) {
  const auto shape = shape_of({{"a", "a"}});
  const auto good = solr(document(R"({"a":"x","b":[1,2]})"));
  for (std::size_t length = 0; length < good.size() - 1; ++length) {
    EXPECT_EQ(status_of(good.substr(0, length), shape), 502u) << length;
  }
  for (const char* bad :
       {"", "[]", "<html>", "{}", "null", R"({"response":{"docs":[]}})",
        R"({"responseHeader":{},"response":{"docs":[{"_doc_":"x"}]}})",
        R"({"responseHeader":{},"response":{"docs":[{}]}})",
        R"({"responseHeader":{},"response":[]})", R"({"responseHeader":{},"error":{}})",
        R"({"responseHeader":1,"response":{"docs":[]}})"}) {
    EXPECT_EQ(status_of(bad, shape), 502u) << bad;
  }
}

TEST(ErrorBody, IsAlwaysAnObjectWithFourMembers) {
  EXPECT_EQ(error_body({404, "PGRST205", "m", "", "h", {}}),
            R"({"code":"PGRST205","message":"m","details":null,"hint":"h"})");
  EXPECT_NE(error_body({400, "x", "bad \xff byte \"q\"", "", "", {}}).find("\\\"q\\\""),
            std::string::npos);
}

AnswerShape typed(Format format) {
  auto shape = shape_of({});
  const auto add = [&shape](const char* name, ValueType type, const char* pg_type) {
    shape.members.push_back({name, name, TextForm(Column{name, type, "", pg_type})});
  };
  add("n", ValueType::kNumeric, "numeric");
  add("b", ValueType::kBoolean, "boolean");
  add("t", ValueType::kText, "text");
  add("z", ValueType::kTimestampTz, "timestamp with time zone");
  add("a", ValueType::kWrapped, "text[]");
  add("m", ValueType::kWrapped, "numeric[]");
  add("j", ValueType::kJsonb, "jsonb");
  shape.format = format;
  return shape;
}

const std::string kTyped = document(
    R"({"n":12345678901234567890.10,"b":true,"t":"a\"b, c\\","z":"2024-01-01T00:00:00.5+00:00",)"
    R"("a":["x","y z","",null,"NULL","{\"}"],"m":[[1.10,2],[3,4]],"j":{"k": 1.0}})");

TEST(Answer, CsvHoldsPostgresqlsOwnTexts) {
  const auto answer = answer_read(solr(kTyped + "," + document("{}")), typed(Format::kCsv));
  EXPECT_EQ(answer.body, "n,b,t,z,a,m,j\n"
                         "12345678901234567890.10,t,\"a\"\"b, c\\\\\",\"2024-01-01 00:00:00.5+00\","
                         "\"{x,\"\"y z\"\",\"\"\"\",NULL,\"\"NULL\"\",\"\"{\\\\\"\"}\"\"}\",\"{{1.10,2},{3,4}}\",\"{\"\"k\"\": 1.0}\"\n"
                         ",,,,,,");
  EXPECT_EQ(answer_read(solr("", "0"), typed(Format::kCsv)).body, "n,b,t,z,a,m,j");
}

TEST(Answer, TextsOfJsonAndPaddingAreTheirOwn) {
  AnswerShape shape = shape_of({{"j", "j", TextForm(Column{"j", ValueType::kJsonb, "", "jsonb"})},
                                {"c", "c", TextForm(Column{"c", ValueType::kCharacter, "", "character"})}});
  shape.format = Format::kCsv;
  EXPECT_EQ(answer_read(solr(document(R"({"j":true,"c":"a  "})")), shape).body, "j,c\ntrue,\"a  \"");
  shape.format = Format::kArray;
  for (auto& member : shape.members) member.as_text = true;
  EXPECT_EQ(answer_read(solr(document(R"({"j":true,"c":"a  "})")), shape).body, R"([{"j":"true","c":"a"}])");
}

TEST(Answer, LinesAreObjects) {
  auto shape = shape_of({{"a", "a"}, {"b", "b"}});
  shape.format = Format::kLines;
  EXPECT_EQ(answer_read(solr(document(R"({"a":1,"b":null})") + "," + document(R"({"a":"\n"})")), shape).body,
            "{\"a\":1,\"b\":null}\n{\"a\":\"\\n\",\"b\":null}\n");
  EXPECT_EQ(answer_read(solr("", "0"), shape).body, "");
}

TEST(Answer, NullsAreStrippedWhenAsked) {
  auto shape = shape_of({{"a", "a"}, {"b", "b"}, {"c", "c"}});
  shape.strip_nulls = true;
  EXPECT_EQ(answer_read(solr(document(R"({"a":null,"b":2})") + "," + document("{}")), shape).body, R"([{"b":2},{}])");
}

TEST(Answer, CastsToTextAreJsonStrings) {
  auto shape = typed(Format::kArray);
  for (auto& member : shape.members) member.as_text = true;
  EXPECT_EQ(answer_read(solr(kTyped), shape).body,
            R"([{"n":"12345678901234567890.10","b":"true","t":"a\"b, c\\","z":"2024-01-01 00:00:00.5+00",)"
            R"("a":"{x,\"y z\",\"\",NULL,\"NULL\",\"{\\\"}\"}","m":"{{1.10,2},{3,4}}","j":"{\"k\": 1.0}"}])");
}

TEST(Answer, GivesTheNextMarkAndTheState) {
  const auto with = [](const std::string& docs, const std::string& all) {
    return answer_read(R"({"responseHeader":{},"response":{"numFound":1,"numFoundExact":true,"docs":[)" + docs +
                           R"(]},"nextCursorMark":"AoE",)" + terms(all) + "}",
                       shape_of({{"a", "a"}}));
  };
  const auto shown = "\"" + state_term(kShown) + "\",1";
  EXPECT_EQ(with(document("{}"), shown).next, "AoE");
  EXPECT_EQ(with("", shown).next, "");
  EXPECT_EQ(with("", shown).state, (CollectionState{4096, 1099511627777}));
  EXPECT_FALSE(with("", "").state);
  EXPECT_FALSE(with("", "\"" + state_term({7, 0}) + "\",1").state);
}

TEST(Answer, OfSeveralShardsTellsTheStateByAFacet) {
  const auto with = [](const std::string& buckets) {
    return answer_read(R"({"responseHeader":{},"response":{"numFound":1,"numFoundExact":true,"docs":[]},"facets":{"count":1,"state":{"buckets":[)" + buckets + "]}}}",
                       shape_of({{"a", "a"}}));
  };
  EXPECT_EQ(with(R"({"val":")" + state_term(kShown) + R"(","count":1})").state, (CollectionState{4096, 1099511627777}));
  EXPECT_FALSE(with("").state);
  EXPECT_THROW(with(R"({"val":")" + state_term({7, std::nullopt}) + R"(","count":1})"), Refusal);
  EXPECT_THROW(with(R"({"val":"nonsense","count":1})"), Refusal);
}

TEST(Answer, OfAStateAloneIsRead) {
  EXPECT_EQ(read_state(solr("")), (CollectionState{4096, 1099511627777}));
  EXPECT_EQ(read_state(solr("", "0", "", {7, std::nullopt})), std::nullopt);
  EXPECT_EQ(read_state("{}"), std::nullopt);
  EXPECT_EQ(read_state("nonsense"), std::nullopt);
}

}  // namespace
}  // namespace daas
