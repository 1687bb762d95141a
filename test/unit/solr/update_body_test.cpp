#include "solr/update_body.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "scripted_server.hpp"
#include "solr/writer.hpp"

namespace daas {
namespace {

TEST(UpdateBody, DocumentsAreCutOutByteForByte) {
  const std::string body =
      R"([{"id":"a","n":1.10,"_doc_":"{\"id\": \"b\"}"}, {"_ver_":9007199254740993,"id":"b","x":[1,{"id":"c"}]},{"id":"q\"\u00e9|\\"}])";
  const auto found = documents_in(body);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].text, R"({"id":"a","n":1.10,"_doc_":"{\"id\": \"b\"}"})");
  EXPECT_EQ(found[0].id, "a");
  EXPECT_EQ(found[0].version, 0);
  EXPECT_EQ(found[1].text, R"({"_ver_":9007199254740993,"id":"b","x":[1,{"id":"c"}]})");
  EXPECT_EQ(found[1].version, 9007199254740993);
  EXPECT_EQ(found[2].text, R"({"id":"q\"\u00e9|\\"})");
  EXPECT_EQ(found[2].id, "q\"\xc3\xa9|\\");
}

TEST(UpdateBody, WhatIsNoArrayOfObjectsHasNoDocuments) {
  for (const char* body : {"", "[]", "{}", "[1]", "[{", "[{\"id\":\"a\"},7]"}) {
    EXPECT_TRUE(documents_in(body).empty()) << body;
  }
  EXPECT_EQ(documents_in(R"([{"id":7,"_ver_":"x"}])").front().id, "");
}

SolrWriter writer_to(const ScriptedServer& server) {
  return SolrWriter({.urls = {server.url()}, .user = "", .password = "", .ca_file = ""}, nullptr,
                    std::chrono::seconds(5));
}

const std::string kAccepted = ScriptedServer::answer(200, R"({"responseHeader":{"status":0}})");
const std::string kRefusedUpdate = ScriptedServer::answer(400, R"({"error":{"msg":"no","code":400}})");

TEST(SolrWriter, ABodyThatIsRefusedWholeIsHalvedDownToTheDocumentAtFault) {
  ScriptedServer server({kRefusedUpdate, kAccepted, kRefusedUpdate, kRefusedUpdate, kAccepted});
  auto writer = writer_to(server);
  const auto refused = writer.update(
      "c", R"([{"id":"a","_ver_":7},{"id":"b","_ver_":7}, {"id":"c","_ver_":7},{"id":"d","_ver_":7}])");
  ASSERT_EQ(refused.size(), 1u);
  EXPECT_EQ(refused[0].id, "c");
  EXPECT_EQ(refused[0].message, "no");
  EXPECT_EQ(refused[0].version, 7);
  EXPECT_EQ(refused[0].document, R"({"id":"c","_ver_":7})");
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 5u);
  EXPECT_TRUE(requests[1].ends_with(R"([{"id":"a","_ver_":7},{"id":"b","_ver_":7}])")) << requests[1];
  EXPECT_TRUE(requests[4].ends_with(R"([{"id":"d","_ver_":7}])")) << requests[4];
}

TEST(SolrWriter, ABodyThatCannotBeTakenApartStops) {
  ScriptedServer server({kRefusedUpdate});
  auto writer = writer_to(server);
  try {
    writer.update("c", R"([{"id":"a",)");
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.remedy(), Remedy::kStop);
  }
}

TEST(SolrWriter, ADocumentIsRefusedOnlyWhenTheStrictChainSaysSo) {
  const auto tolerated = ScriptedServer::answer(
      200,
      R"({"responseHeader":{"errors":[{"type":"ADD","id":"a","message":"bad a"},{"type":"ADD","id":"b","message":"bad b"}],"status":0}})");
  ScriptedServer server({tolerated, kAccepted, kRefusedUpdate});
  auto writer = writer_to(server);
  const auto refused = writer.update("c", R"([{"id":"a","_ver_":7},{"id":"b","_ver_":8}])");
  ASSERT_EQ(refused.size(), 1u);
  EXPECT_EQ(refused[0].id, "b");
  EXPECT_EQ(refused[0].message, "bad b");
  EXPECT_EQ(refused[0].version, 8);
}

}  // namespace
}  // namespace daas
