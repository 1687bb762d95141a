#include "solr/http.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "scripted_server.hpp"
#include "solr/writer.hpp"

namespace daas {
namespace {

using namespace std::chrono_literals;

/// Nothing listens on port 1 of the loopback.
constexpr const char* kDeadUrl = "http://127.0.0.1:1/solr";

SolrEndpoint at(std::vector<std::string> urls) {
  return {.urls = std::move(urls), .user = "", .password = "", .ca_file = ""};
}

TEST(HttpConnection, EndpointThatCannotBeUsedStops) {
  for (const std::vector<std::string>& urls :
       std::vector<std::vector<std::string>>{{},
                                             {""},
                                             {"localhost:8983"},
                                             {"file:///etc/passwd"},
                                             {"http://admin:secret@localhost:8983/solr"}}) {
    try {
      HttpConnection connection(at(urls));
      FAIL() << "accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.remedy(), Remedy::kStop);
      EXPECT_EQ(std::string(error.what()).find("secret"), std::string::npos);
    }
  }
}

TEST(HttpConnection, UnreachableNodesAreAllNamedAndRetried) {
  HttpConnection connection(at({kDeadUrl, "http://127.0.0.1:2/solr/"}));
  try {
    connection.get("/x", 2s);
    FAIL() << "answered";
  } catch (const Error& error) {
    EXPECT_EQ(error.remedy(), Remedy::kRetry);
    EXPECT_NE(std::string(error.what()).find("127.0.0.1:1"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("127.0.0.1:2"), std::string::npos) << error.what();
  }
}

TEST(HttpConnection, UnreachableNodeIsPassedOverAndTheOneThatAnswersIsKept) {
  ScriptedServer server({ScriptedServer::answer(200, "one"), ScriptedServer::answer(404, "two")});
  HttpConnection connection(at({kDeadUrl, server.url()}));
  const HttpResponse first = connection.get("/a?b=c", 5s);
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.body, "one");
  EXPECT_EQ(connection.base_url(), server.url());
  const HttpResponse second = connection.post("/d", "text/plain", "body", 5s);
  EXPECT_EQ(second.status, 404);
  EXPECT_EQ(second.body, "two");
  EXPECT_EQ(server.requests(), (std::vector<std::string>{"GET /solr/a?b=c HTTP/1.1\n",
                                                         "POST /solr/d HTTP/1.1\nbody"}));
}

TEST(HttpConnection, LostAnswerIsInDoubtAndTheNextNodeIsNotAsked) {
  ScriptedServer loses({""});
  ScriptedServer other({ScriptedServer::answer(200, "")});
  HttpConnection connection(at({loses.url(), other.url()}));
  try {
    connection.post("/c/update", "application/json", "[]", 5s);
    FAIL() << "answered";
  } catch (const Error& error) {
    EXPECT_EQ(error.remedy(), Remedy::kRetry);
  }
  EXPECT_TRUE(other.requests().empty());
}

TEST(HttpConnection, SilentNodeTimesOut) {
  ScriptedServer silent({"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"});
  HttpConnection connection(at({silent.url()}));
  EXPECT_THROW(connection.get("/x", 300ms), Error);
}

TEST(HttpConnection, RaisedFlagEndsARunningTransfer) {
  ScriptedServer silent({"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"});
  std::atomic<bool> abort{false};
  HttpConnection connection(at({silent.url()}), &abort);
  std::thread raiser([&] {
    while (silent.requests().empty()) std::this_thread::yield();
    abort = true;
  });
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THROW(connection.get("/x", 60s), TransferAborted);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);
  raiser.join();
  EXPECT_THROW(connection.get("/x", 60s), TransferAborted) << "no new one starts";
  EXPECT_THROW(connection.pause(60s), TransferAborted);
}

constexpr const char* kRefused =
    R"({"responseHeader":{"errors":[{"type":"ADD","id":"a","message":"said so"}],"maxErrors":-1,"status":0}})";

TEST(SolrWriter, RefusalThatTheStrictChainConfirmsIsReported) {
  ScriptedServer server({ScriptedServer::answer(200, kRefused), ScriptedServer::answer(400, "{}")});
  SolrWriter writer(at({server.url()}));
  const auto refused = writer.update("c", R"([{"id":"a","_ver_":1},{"id":"b","_ver_":1}])");
  ASSERT_EQ(refused.size(), 1u);
  EXPECT_EQ(refused[0].id, "a");
  EXPECT_EQ(refused[0].message, "said so");
  EXPECT_EQ(
      server.requests().at(1),
      "POST /solr/c/update?wt=json&json.nl=flat&versions=true&update.chain=strict HTTP/1.1\n[{\"id\":\"a\",\"_ver_\":1}]");
}

TEST(SolrWriter, RefusalThatComesFromAFailureOfSolrIsRetried) {
  ScriptedServer server(
      {ScriptedServer::answer(200, kRefused), ScriptedServer::answer(503, "no leader")});
  SolrWriter writer(at({server.url()}));
  try {
    writer.update("c", R"([{"id":"a","_ver_":1}])");
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.remedy(), Remedy::kRetry);
  }
}

TEST(SolrWriter, RefusalThatHasHealedIsNone) {
  ScriptedServer server({ScriptedServer::answer(200, kRefused),
                         ScriptedServer::answer(200, R"({"responseHeader":{}})")});
  SolrWriter writer(at({server.url()}));
  EXPECT_TRUE(writer.update("c", R"([{"id":"a","_ver_":1}])").empty());
}

TEST(SolrWriter, AnswerThatIsCutOffIsRetried) {
  ScriptedServer server({ScriptedServer::answer(200, R"({"responseHeader":{"sta)")});
  SolrWriter writer(at({server.url()}));
  EXPECT_THROW(writer.update("c", "[]"), Error);
}

}  // namespace
}  // namespace daas
