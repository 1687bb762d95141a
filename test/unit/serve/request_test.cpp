#include "serve/request.hpp"

#include <gtest/gtest.h>

namespace daas {
namespace {

const std::vector<std::string> kColumns = {"id",     "a",   "b",     "dep_delay",
                                           "we ird", "a.b", "naïve", "limit"};

ApiRequest read(const std::string& query, ReadHeaders headers = {}) {
  return parse_read(parse_target("/t?" + query), headers, "t", kColumns);
}

ApiError refusal(const std::string& query, ReadHeaders headers = {}) {
  try {
    read(query, std::move(headers));
  } catch (const Refusal& refusal) {
    return refusal.error();
  }
  return {0, "accepted", {}, {}, {}, {}};
}

std::string refusal_code(const std::string& query) {
  const auto error = refusal(query);
  return std::to_string(error.status) + " " + error.code;
}

TEST(Target, DecodesPercentAndPlusInTheQueryOnly) {
  const auto target = parse_target("/a+b/%66?x=1+2%2B3&y=%C3%A4&&z");
  EXPECT_EQ(target.segments, (std::vector<std::string>{"a+b", "f"}));
  ASSERT_EQ(target.parameters.size(), 3u);
  EXPECT_EQ(target.parameters[0].second, "1 2+3");
  EXPECT_EQ(target.parameters[1].second, "ä");
  EXPECT_EQ(target.parameters[2], (std::pair<std::string, std::string>{"z", ""}));
}

TEST(Target, RefusesBrokenEncodings) {
  for (const char* bad :
       {"/t?a=%", "/t?a=%4", "/t?a=%zz", "/t?a=%-1", "/t?%=1", "/%", "/t?a=%0", "/t?a=% 1"}) {
    EXPECT_THROW(parse_target(bad), Refusal) << bad;
  }
}

TEST(Target, RefusesNulAndWhatIsNotUtf8) {
  for (const char* bad :
       {"/t?a=%00", "/t?a=eq.x%00y", "/%00", "/t?a=%ff", "/t?a=%C0%80", "/t?a=%C1%BF",
        "/t?a=%E0%80%80", "/t?a=%ED%A0%80", "/t?a=%F4%90%80%80", "/t?a=%F5%80%80%80", "/t?a=%C3",
        "/t?a=%80", "/t?a=%E2%82", "/t?a=%F0%8F%BF%BF", "/t?a=\xff"}) {
    EXPECT_THROW(parse_target(bad), Refusal) << bad;
  }
  EXPECT_NO_THROW(parse_target("/t?a=%F0%9F%98%80%EF%BF%BF%ED%9F%BF%EE%80%80%F4%8F%BF%BF"));
}

TEST(Filter, EveryOperatorKeepsItsValueAsItIs) {
  const auto request =
      read("a=eq.x,y&a=not.gte.1&a=lt.&b=neq.null&b=isdistinct.{!x}&a=gt.not.eq.1&a=lte.%2B");
  ASSERT_EQ(request.filters.size(), 7u);
  EXPECT_EQ(request.filters[0].values[0], "x,y");
  EXPECT_TRUE(request.filters[1].negated);
  EXPECT_EQ(request.filters[1].op, Operator::kGte);
  EXPECT_EQ(request.filters[2].values[0], "");
  EXPECT_EQ(request.filters[3].values[0], "null");
  EXPECT_EQ(request.filters[4].values[0], "{!x}");
  EXPECT_EQ(request.filters[5].values[0], "not.eq.1");
  EXPECT_EQ(request.filters[6].values[0], "+");
}

TEST(Filter, ListsFollowPostgrestsQuoting) {
  const auto values = [](const std::string& list) {
    return read("a=in." + list).filters[0].values;
  };
  using List = std::vector<std::string>;
  EXPECT_EQ(values("(1,2)"), (List{"1", "2"}));
  // As postgrest-js sends it: quotes only around , ( ), and no escapes.
  EXPECT_EQ(values("(x,\"y,z\",\"(p)\",q\"uo,back\\s,1,)"),
            (List{"x", "y,z", "(p)", "q\"uo", "back\\s", "1", ""}));
}

TEST(Filter, QuotedListElementsUnescape) {
  const auto values = read(R"(a=in.("quo\"te","back\\s"))").filters[0].values;
  EXPECT_EQ(values, (std::vector<std::string>{"quo\"te", "back\\s"}));
}

TEST(Filter, AQuoteThatDoesNotEndTheElementIsOrdinary) {
  EXPECT_EQ(read(R"(a=in.("x"y,z))").filters[0].values, (std::vector<std::string>{"\"x\"y", "z"}));
}

TEST(Filter, AnEmptyListHasNoValuesAndAQuotedEmptyTextIsOne) {
  EXPECT_TRUE(read("a=in.()").filters[0].values.empty());
  EXPECT_EQ(read("a=in.(,)").filters[0].values.size(), 2u);
}

TEST(Filter, BrokenListsAreRefused) {
  for (const char* bad : {"a=in.", "a=in.1,2", "a=in.(1", "a=in.(1,2)x", "a=in.(1)(2)", "a=in"}) {
    EXPECT_EQ(refusal_code(bad), "400 PGRST100") << bad;
  }
}

TEST(Filter, IsTakesFiveWordsInAnyCase) {
  EXPECT_EQ(read("a=is.NULL").filters[0].values[0], "null");
  EXPECT_EQ(read("a=not.is.not_null").filters[0].values[0], "not_null");
  for (const char* bad : {"a=is.nul", "a=is.", "a=is.5", "a=is.null "})
    EXPECT_EQ(refusal_code(bad), "400 PGRST100") << bad;
}

TEST(Filter, AnUnknownOperatorIsNamedWithTheKnownOnes) {
  const auto error = refusal("a=noop.0");
  EXPECT_EQ(error.status, 400u);
  EXPECT_EQ(error.code, "PGRST100");
  EXPECT_EQ(error.message, "\"failed to parse filter (noop.0)\" (line 1, column 1)");
  EXPECT_NE(error.details.find("gte"), std::string::npos);
  for (const char* bad :
       {"a=", "a=1", "a=not.not.eq.1", "a=eq", "a=EQ.1", "a=not.", "a=.eq.1", "a"}) {
    EXPECT_EQ(refusal_code(bad), "400 PGRST100") << bad;
  }
}

TEST(Filter, OperatorsOfLaterAreToldApart) {
  for (const char* later : {"a=sl.[1,2]", "a=neq(any).{1}", "or=(a.adj.x)", "columns=a"}) {
    EXPECT_EQ(refusal_code(later), "400 PGRST127") << later;
  }
}

TEST(Filter, ArraysAreReadAsPostgresqlReadsThem) {
  const auto filter = read(R"(a=cs.{x, "y,\"z" ,NULL,nUlL,"null",\null, a b })").filters.at(0);
  EXPECT_EQ(filter.op, Operator::kContains);
  EXPECT_EQ(filter.values, (std::vector<std::string>{"x", "y,\"z", "null", "null", "a b"}));
  EXPECT_TRUE(filter.null_among_values);
  EXPECT_TRUE(read("a=ov.{}").filters[0].values.empty());
  EXPECT_EQ(read("a=like(all).{a%25,b}").filters[0].quantifier, Filter::Quantifier::kAll);
  for (const char* bad : {"a=cs.x", "a=cs.{", "a=cs.{a", "a=cs.{a,}", "a=cs.{,a}", "a=cs.{a}b", "a=cs.{a\"b\"}", "a=cs.{\"a}",
                          "a=cs.", "a=eq(any).1"}) {
    EXPECT_EQ(refusal_code(bad), "400 22P02") << bad;
  }
}

TEST(Filter, TreesKeepTheirShape) {
  const auto tree = read(R"x(or=(a.eq.1, not.and(b.not.in.(1,2),"a.b".like."x,(y)"),a.cs.{"}",2}))x").filters.at(0);
  ASSERT_EQ(tree.logic, Filter::Logic::kOr);
  ASSERT_EQ(tree.parts.size(), 3u);
  EXPECT_EQ(tree.parts[0].column, "a");
  const auto& inner = tree.parts[1];
  EXPECT_EQ(inner.logic, Filter::Logic::kAnd);
  EXPECT_TRUE(inner.negated);
  EXPECT_TRUE(inner.parts.at(0).negated);
  EXPECT_EQ(inner.parts[0].values, (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(inner.parts.at(1).column, "a.b");
  EXPECT_EQ(inner.parts[1].values[0], "x,(y)");
  EXPECT_EQ(tree.parts[2].values, (std::vector<std::string>{"}", "2"}));
  EXPECT_TRUE(read("not.and=(a.eq.1)").filters[0].negated);
  // A column may be named as a junction is.
  for (const char* bad : {"or=", "or=()", "or=(", "or=(a.eq.1", "or=(a.eq.1,)", "or=(a.eq.1))", "or=(a)", "or=(a.)", "or=a.eq.1",
                          "or=(not.a.eq.1)", "or=(and(a.eq.1)", "or=(xor(a.eq.1))"}) {
    EXPECT_EQ(refusal_code(bad), "400 PGRST100") << bad;
  }
  EXPECT_EQ(refusal_code("or=(nope.eq.1)"), "400 42703");
}

TEST(Filter, AnUnknownParameterNamesTheAllowedOnes) {
  const auto error = refusal("nope=eq.1");
  EXPECT_EQ(error.code, "42703");
  EXPECT_EQ(error.message, "column t.nope does not exist");
  EXPECT_NE(error.details.find("dep_delay"), std::string::npos);
  EXPECT_NE(error.hint.find("select"), std::string::npos);
  for (const char* bad :
       {"q=1", "fq=*:*", "shards=x", "_p=x", "rel.col=eq.1", "=eq.1", "A=eq.1", "id =eq.1"}) {
    EXPECT_EQ(refusal_code(bad), "400 42703") << bad;
  }
}

TEST(Filter, ColumnsOfAnyNameAreReached) {
  EXPECT_EQ(read("we+ird=eq.1").filters[0].column, "we ird");
  EXPECT_EQ(read("\"a.b\"=eq.1").filters[0].column, "a.b");
  EXPECT_EQ(read("na%C3%AFve=eq.1").filters[0].column, "naïve");
}

TEST(Select, RenamesQuotesAndStars) {
  const auto request = read("select=a, x:b,*,\"quoted,name\",\"y\":\"z\\\"\"");
  ASSERT_EQ(request.select.size(), 5u);
  EXPECT_EQ(request.select[1].name, "x");
  EXPECT_EQ(request.select[1].column, "b");
  EXPECT_EQ(request.select[2].column, "");
  EXPECT_EQ(read("select=\"*\"").select.at(0).column, "*");
  EXPECT_TRUE(read("select=").select.empty());
  EXPECT_EQ(request.select[3].column, "quoted,name");
  EXPECT_EQ(request.select[4].column, "z\"");
}

TEST(Select, WhatAnApiHasNotIsRefusedByItsCode) {
  EXPECT_EQ(read("select=x:a::TEXT,b").select.at(0).cast, "text");
  EXPECT_EQ(refusal_code("select=a::"), "400 PGRST100");
  EXPECT_EQ(refusal_code("select=a->b"), "400 PGRST127");
  EXPECT_EQ(refusal_code("select=rel(a)"), "400 PGRST200");
  EXPECT_EQ(refusal_code("select=x:rel!inner(a)"), "400 PGRST200");
  EXPECT_EQ(refusal_code("select=...rel(a)"), "400 PGRST200");
  EXPECT_EQ(refusal_code("select=a.sum()"), "400 PGRST123");
  EXPECT_EQ(refusal_code("select=count()"), "400 PGRST200");
  for (const char* bad :
       {"select=\"\"", "select=a,", "select=,a", "select=a:", "select=:a", "select=\"a",
        "select=a\"b\"", "select=*a", "select=a)", "select=a&select=b"}) {
    EXPECT_EQ(refusal_code(bad), "400 PGRST100") << bad;
  }
}

TEST(Order, HasDirectionThenNulls) {
  const auto order =
      read("order=a,b.desc,id.asc.nullsfirst,a.nullslast,\"a.b\".desc.nullslast").order;
  ASSERT_EQ(order.size(), 5u);
  EXPECT_FALSE(order[0].descending);
  EXPECT_FALSE(order[0].nulls_first.has_value());
  EXPECT_TRUE(order[1].descending);
  EXPECT_EQ(order[2].nulls_first, true);
  EXPECT_EQ(order[3].nulls_first, false);
  EXPECT_EQ(order[4].column, "a.b");
  for (const char* bad :
       {"order=", "order=a.", "order=a.up", "order=a.asc.desc", "order=a.nullsfirst.asc",
        "order=a,", "order=a.nullsfirst.nullslast", "order=a:b", "order=a(b)"}) {
    EXPECT_EQ(refusal_code(bad), "400 PGRST100") << bad;
  }
}

TEST(Limit, IsAWholeNumber) {
  EXPECT_EQ(read("limit=0").limit, 0u);
  EXPECT_EQ(read("limit=18446744073709551615&offset=7").offset, 7u);
  for (const char* bad :
       {"limit=", "limit=1.5", "limit=abc", "limit=18446744073709551616", "offset=+1", "limit=1e3",
        "limit=%201", "offset=1&offset=2", "limit=--1", "limit=-"}) {
    EXPECT_EQ(refusal_code(bad), "400 PGRST100") << bad;
  }
  EXPECT_EQ(refusal_code("limit=-1"), "416 PGRST103");
  EXPECT_EQ(refusal_code("offset=-99999999999999999999999"), "416 PGRST103");
}

TEST(Headers, CountSingularAndProfiles) {
  EXPECT_TRUE(read("", {"return=minimal, count=exact", "", ""}).count);
  EXPECT_TRUE(read("", {"count=planned", "", ""}).count);
  EXPECT_FALSE(read("", {"count=exactly,,;;", "", ""}).count);
  EXPECT_EQ(read("", {"", "application/vnd.pgrst.object+json", ""}).format, Format::kObject);
  EXPECT_EQ(read("", {"", "text/html, */*;q=0.1", "public"}).format, Format::kArray);
  EXPECT_EQ(read("", {"", "text/csv", ""}).format, Format::kCsv);
  EXPECT_EQ(read("", {"", "application/x-ndjson", ""}).format, Format::kLines);
  EXPECT_TRUE(read("", {"", "application/vnd.pgrst.array+json;nulls=stripped", ""}).strip_nulls);
  EXPECT_TRUE(read("", {"", "application/vnd.pgrst.object+json;nulls=stripped", ""}).strip_nulls);
  EXPECT_EQ(refusal("", {"", "application/geo+json", ""}).code, "PGRST107");
  EXPECT_EQ(refusal("", {"", "text/csv;q=0", ""}).code, "PGRST107");
  EXPECT_EQ(refusal("", {"", ",,;", ""}).status, 406u);
  EXPECT_EQ(refusal("", {"", "", "private"}).code, "PGRST106");
}

TEST(Headers, PreferencesAreStrictOnlyWhenAsked) {
  EXPECT_NO_THROW(read("", {"frobnicate, wait=x", "", ""}));
  EXPECT_EQ(refusal("", {"handling=strict, frobnicate", "", ""}).code, "PGRST122");
  EXPECT_NO_THROW(read("", {"handling=strict, count=exact; wait=3, return=minimal", "", ""}));
  EXPECT_EQ(read("", {"wait=3", "", ""}).wait, std::chrono::seconds(3));
}

TEST(Headers, RangeMeetsLimitAndOffset) {
  const auto range = [](const std::string& query, const std::string& header) {
    const auto request = read(query, {"", "", "", "", header});
    return std::to_string(request.offset) + "+" + (request.limit ? std::to_string(*request.limit) : "all");
  };
  EXPECT_EQ(range("", "10-19"), "10+10");
  EXPECT_EQ(range("", "10-"), "10+all");
  EXPECT_EQ(range("limit=5", "0-19"), "0+5");
  EXPECT_EQ(range("limit=5&offset=3", "4-19"), "4+4");
  EXPECT_EQ(range("limit=5", "7-19"), "7+0");
  EXPECT_EQ(range("limit=18446744073709551615&offset=1", "0-18446744073709551615"), "1+18446744073709551615");
  EXPECT_EQ(range("offset=18446744073709551615&limit=5", "0-1").substr(0, 21), "18446744073709551615+");
  for (const char* none : {"", "x", "-5", "a-b", "1-2-3", "bytes=0-5", "1,2", "-"}) {
    EXPECT_EQ(range("", none), "0+all") << none;
  }
  EXPECT_EQ(refusal("", {"", "", "", "", "5-2"}).code, "PGRST103");
}

TEST(Cursor, ExcludesAnOffset) {
  EXPECT_EQ(read("_cursor=").cursor, "");
  EXPECT_FALSE(read("limit=1").cursor);
  EXPECT_EQ(refusal_code("_cursor=&offset=1"), "400 PGRST100");
  EXPECT_EQ(refusal("_cursor=", {"", "", "", "", "1-2"}).code, "PGRST100");
}

TEST(Grammar, NoInputCrashes) {
  // Every short string over the grammars' own characters, in each parameter.
  const std::string characters = "a\"\\,.:(*)- 1n";
  for (const char* name : {"select=", "order=", "limit=", "a=", "a=in.", "a=not.in.(", "a=is."}) {
    for (char first : characters) {
      for (char second : characters) {
        for (char third : characters) {
          std::string encoded;
          for (char c : {first, second, third}) {
            char escape[4];
            snprintf(escape, sizeof(escape), "%%%02X", c);
            encoded += escape;
          }
          try {
            read(name + encoded);
          } catch (const Refusal& refusal) {
            EXPECT_NE(refusal.error().status, 500u);
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace daas
