#include "solr/answer.hpp"

#include <gtest/gtest.h>

namespace daas {
namespace {

TEST(Answer, MessageIsSolrsOwnWords) {
  EXPECT_EQ(
      solr_message(
          {400,
           R"({"responseHeader":{"status":400},"error":{"msg":"unknown field 'x'","code":400}})"}),
      "unknown field 'x'");
  EXPECT_EQ(
      solr_message(
          {500, R"({"error":{"trace":"java.lang.NullPointerException\n\tat x","code":500}})"}),
      "java.lang.NullPointerException\n\tat x");
  EXPECT_EQ(solr_message({404, "<html>Not Found</html>\n"}), "<html>Not Found</html>");
  EXPECT_EQ(solr_message({503, ""}), "");
  EXPECT_EQ(solr_message({500, R"({"error":[1]})"}), R"({"error":[1]})");
}

TEST(Answer, LongMessagesAreCut) {
  EXPECT_EQ(solr_message({500, std::string(5000, 'x')}).size(), 1000u);
}

TEST(Answer, WrongRequestsStopAndFailuresOfSolrRetry) {
  for (const long status : {400, 413, 414, 415}) {
    EXPECT_EQ(solr_error({status, ""}, "update").remedy(), Remedy::kStop) << status;
  }
  for (const long status : {404, 408, 409, 429, 500, 502, 503, 504}) {
    EXPECT_EQ(solr_error({status, ""}, "update").remedy(), Remedy::kRetry) << status;
  }
}

TEST(Answer, ErrorNamesActionStatusAndReason) {
  const Error error = solr_error({400, R"({"error":{"msg":"bad"}})"}, "update of shop.flights.g3");
  EXPECT_STREQ(error.what(), "Solr answered 400 to the update of shop.flights.g3: bad");
}

TEST(Answer, RefusedDocumentsAreNamed) {
  const auto refused = read_update_answer(
      R"json({"responseHeader":{"errors":[{"type":"ADD","id":"k|1","message":"too long"},
          {"type":"ADD","id":"(unknown)","message":"missing id"}],"maxErrors":-1,"status":0}})json").refused;
  ASSERT_EQ(refused.size(), 2u);
  EXPECT_EQ(refused[0].id, "k|1");
  EXPECT_EQ(refused[0].message, "too long");
  EXPECT_EQ(refused[1].id, "(unknown)");
}

TEST(Answer, HeaderWithoutErrorsRefusesNothing) {
  EXPECT_TRUE(read_update_answer(R"({"responseHeader":{"status":0}})").refused.empty());
  EXPECT_TRUE(read_update_answer(R"({"responseHeader":{"errors":[],"status":0}})").refused.empty());
}

TEST(Answer, DocumentsWithoutAVersionWereForwarded) {
  const auto forwarded = read_update_answer(
      R"({"responseHeader":{"rf":2147483647,"status":0},"adds":["a",1843,"b",0,"c",-7,"d",0]})").forwarded;
  EXPECT_EQ(forwarded, (std::vector<std::string>{"b", "d"}));
  EXPECT_TRUE(read_update_answer(R"({"responseHeader":{},"adds":[]})").forwarded.empty());
  EXPECT_TRUE(read_update_answer(R"({"responseHeader":{},"adds":["a"]})").forwarded.empty());
}

TEST(Answer, RefusedCommandStops) {
  try {
    read_update_answer(
        R"({"responseHeader":{"errors":[{"type":"DELQ","id":"x:y","message":"no"}]}})");
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.remedy(), Remedy::kStop);
  }
}

TEST(Answer, WhatIsNotAnUpdatesAnswerIsInDoubt) {
  for (const char* body :
       {"", "{", "[]", "null", "{}", R"({"responseHeader":7})", "<html>", "\xff\xfe"}) {
    try {
      read_update_answer(body);
      FAIL() << "accepted " << body;
    } catch (const Error& error) {
      EXPECT_EQ(error.remedy(), Remedy::kRetry) << body;
    }
  }
}

}  // namespace
}  // namespace daas
