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

// As of two nodes where the asked one does not lead: the leader's state, then the versions by /get.
const std::string kForwarded = ScriptedServer::answer(
    200, R"({"responseHeader":{"rf":2147483647,"errors":[],"status":0},"adds":["a",0,"b",0]})");
const std::string kLeaderElsewhere = ScriptedServer::answer(
    200, R"({"cluster":{"live_nodes":["h:2_solr"],"collections":{"c":{"shards":{"shard1":{"state":"active",
        "replicas":{"core_node1":{"core":"c_shard1_replica_n1","leader":"true","base_url":"http://h:2/solr"}}}}}}}})");
constexpr const char* kTwoDocuments = R"([{"id":"a","_ver_":7},{"id":"b","_ver_":7}])";

TEST(SolrWriter, WhatWasForwardedIsLookedUp) {
  ScriptedServer server({kForwarded, kLeaderElsewhere, ScriptedServer::answer(200,
      R"({"response":{"docs":[{"id":"b","_ver_":8},{"id":"a","_ver_":7}]}})")});
  EXPECT_TRUE(writer_to(server).update("c", kTwoDocuments).empty());
  EXPECT_TRUE(server.requests().at(2).ends_with("id=a&id=b")) << server.requests()[2];
}

TEST(SolrWriter, AnUpdateThatSolrLostOnTheWayToTheLeaderIsInDoubt) {
  for (const char* held : {R"({"response":{"docs":[{"id":"b","_ver_":7}]}})",
                           R"({"response":{"docs":[{"id":"a","_ver_":6},{"id":"b","_ver_":7}]}})"}) {
    ScriptedServer server({kForwarded, kLeaderElsewhere, ScriptedServer::answer(200, held)});
    try {
      writer_to(server).update("c", kTwoDocuments);
      FAIL() << "accepted with " << held;
    } catch (const Error& error) {
      EXPECT_EQ(error.remedy(), Remedy::kRetry);
      EXPECT_STREQ(error.what(), "Solr answered 200 to an update of c and lost 1 of 2 documents on the way to "
                                 "the shard's leader");
    }
  }
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
