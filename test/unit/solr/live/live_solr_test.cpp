// The room against a real SolrCloud: DAAS_TEST_SOLR=http://127.0.0.1:PORT/solr solr_live_test
#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <nlohmann/json.hpp>

#include "solr/admin.hpp"
#include "solr/answer.hpp"
#include "solr/configset.hpp"
#include "solr/query.hpp"
#include "solr/writer.hpp"

namespace daas {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr HttpConnection::Timeout kTimeout = 15s;
/// The document that every opening of a searcher brings, counted as a tombstone.
constexpr std::int64_t kFence = 1;

SolrEndpoint endpoint() {
  const char* url = std::getenv("DAAS_TEST_SOLR");
  return {.urls = {url == nullptr ? "" : url}, .user = "", .password = "", .ca_file = ""};
}

std::string own_namespace() {
  return "t" + std::to_string(getpid());
}

/// The parameters with which a search leaves tombstones out.
FormParameters live_documents() {
  return {{"q", "{!bool must=$all must_not=$dead}"},
          {"all", "*:*"},
          {"dead", "_deleted_:true"},
          {"wt", "json"}};
}

/// An empty collection with as many shards as the parameter says, one of each for all tests.
class LiveSolr : public testing::TestWithParam<int> {
 protected:
  LiveSolr() : admin_(endpoint()), writer_(endpoint()), query_(endpoint()) {}

  static std::string collection_of(int shards) {
    return own_namespace() + ".m.g" + std::to_string(shards);
  }
  static void TearDownTestSuite() {
    SolrAdmin admin(endpoint());
    for (const int shards : {1, 2})
      EXPECT_EQ(admin.delete_collection(collection_of(shards)), Deletion::kDone);
    HttpConnection connection(endpoint());
    connection.get(
        "/admin/configs?action=DELETE&name=" + percent_encode(configset_name(own_namespace())),
        kTimeout);
  }

  void SetUp() override {
    collection_ = collection_of(GetParam());
    configset_ = admin_.ensure_configset(own_namespace());
    admin_.create_collection(collection_, configset_, GetParam(), 1);
    HttpConnection connection(endpoint());
    const HttpResponse emptied =
        connection.post("/" + collection_ + "/update?commit=true", "application/json",
                        R"({"delete":{"query":"*:*"}})", kTimeout);
    ASSERT_EQ(emptied.status, 200) << emptied.body;
  }

  void write(const std::string& body) {
    const auto refused = writer_.update(collection_, body);
    EXPECT_TRUE(refused.empty()) << refused.front().id << ": " << refused.front().message;
  }
  void show() { writer_.open_searcher(collection_, Searcher::kSoft, ++shown_, 1); }

  json search(FormParameters parameters) {
    const HttpResponse response = query_.search(collection_, parameters, kTimeout);
    EXPECT_EQ(response.status, 200) << response.body;
    return json::parse(response.body, nullptr, false);
  }
  /// Document texts of all live documents, ordered by id, joined by blanks.
  std::string texts() {
    FormParameters parameters = live_documents();
    parameters.insert(parameters.end(), {{"fl", "_doc_"}, {"sort", "id asc"}, {"rows", "100"}});
    std::string all;
    const json answer = search(parameters);
    for (const json& document : answer.at("response").at("docs")) {
      all += (all.empty() ? "" : " ") + document.at("_doc_").get<std::string>();
    }
    return all;
  }
  /// What /get shows of one id, tombstones left out; "" for nothing.
  std::string text_by_key(const std::string& id) {
    HttpConnection connection(endpoint());
    const HttpResponse response = connection.post("/" + percent_encode(collection_) + "/get", "application/x-www-form-urlencoded",
                                                  form_encode({{"id", id},
                                                               {"fq", "{!bool must=$all must_not=$dead}"},
                                                               {"all", "*:*"},
                                                               {"dead", "_deleted_:true"},
                                                               {"fl", "_doc_"},
                                                               {"wt", "json"}}),
                                                  kTimeout);
    EXPECT_EQ(response.status, 200) << response.body;
    const json answer = json::parse(response.body, nullptr, false);
    return answer.at("doc").is_null() ? "" : answer.at("doc").at("_doc_").get<std::string>();
  }

  SolrAdmin admin_;
  SolrWriter writer_;
  SolrQuery query_;
  std::string collection_;
  std::string configset_;
  std::int64_t shown_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Shards, LiveSolr, testing::Values(1, 2),
                         [](const auto& info) { return std::to_string(info.param) + "shard"; });

TEST_P(LiveSolr, DocumentIsVisibleOnlyAfterAnOpeningCommit) {
  write(R"([{"id":"a","_ver_":1,"_doc_":"A"}])");
  EXPECT_EQ(texts(), "");
  writer_.commit(collection_, 1);
  EXPECT_EQ(texts(), "");
  show();
  EXPECT_EQ(texts(), "A");
  write(R"([{"id":"b","_ver_":1,"_doc_":"B"}])");
  writer_.open_searcher(collection_, Searcher::kDurable, 1000, 1);
  EXPECT_EQ(texts(), "A B");
}

TEST_P(LiveSolr, AnOlderOpeningOfASearcherIsRefusedAndShowsNothing) {
  if (GetParam() > 1) GTEST_SKIP() << "of several shards one is fenced";
  writer_.fence(collection_, 5);
  write(R"([{"id":"a","_ver_":1,"_doc_":"A"}])");
  for (const auto searcher : {Searcher::kSoft, Searcher::kDurable}) {
    try {
      writer_.open_searcher(collection_, searcher, 5, 1);
      ADD_FAILURE() << "opened by a version that is not newer";
    } catch (const Error& error) {
      EXPECT_EQ(error.remedy(), Remedy::kRestart) << error.what();
    }
    EXPECT_EQ(texts(), "");
  }
  writer_.open_searcher(collection_, Searcher::kSoft, 6, 1);
  EXPECT_EQ(texts(), "A");
}

TEST_P(LiveSolr, OlderAndEqualVersionsAreDroppedAndNewerWin) {
  write(R"([{"id":"a","_ver_":5,"_doc_":"five"},{"id":"b","_ver_":5,"_doc_":"b5"}])");
  write(R"([{"id":"a","_ver_":4,"_doc_":"four"}])");
  write(R"([{"id":"a","_ver_":5,"_doc_":"other five"}])");
  write(R"([{"id":"b","_ver_":6,"_doc_":"b6"}])");
  show();
  EXPECT_EQ(texts(), "five b6");
}

TEST_P(LiveSolr, TombstoneHidesADocumentAndOnlyANewerOneBringsItBack) {
  write(
      R"([{"id":"a","_ver_":5,"_doc_":"a5"},{"id":"b","_ver_":5,"_doc_":"b5"},{"id":"c","_ver_":5,"_doc_":"c5"}])");
  write(
      R"([{"id":"a","_ver_":6,"_deleted_":true},{"id":"b","_ver_":5,"_deleted_":true},{"id":"c","_ver_":4,"_deleted_":true}])");
  EXPECT_EQ(text_by_key("a"), "") << "before any searcher";
  show();
  EXPECT_EQ(texts(), "b5 c5");
  write(R"([{"id":"a","_ver_":6,"_doc_":"late"}])");
  show();
  EXPECT_EQ(texts(), "b5 c5");
  write(R"([{"id":"a","_ver_":7,"_doc_":"a7"}])");
  EXPECT_EQ(text_by_key("a"), "a7") << "before any searcher";
  show();
  EXPECT_EQ(texts(), "a7 b5 c5");
}

TEST_P(LiveSolr, CountsTellTombstonesAndEveryIdOnce) {
  EXPECT_EQ(admin_.count(collection_).all, 0);
  std::string body = "[";
  for (int i = 0; i < 3000; ++i)
    body += std::string(i ? "," : "") + R"({"id":"k)" + std::to_string(i) + R"(","_ver_":1})";
  write(body + "]");
  write(R"([{"id":"k1","_ver_":2,"_deleted_":true},{"id":"k2","_ver_":2,"_deleted_":true}])");
  show();
  DocumentCounts counts = admin_.count(collection_);
  EXPECT_EQ(counts.all, 3000 + kFence);
  EXPECT_EQ(counts.live, 2998);
  EXPECT_EQ(counts.unique_ids, 3000 + kFence);

  // The only way to have an id twice: a write that asks for it.
  HttpConnection connection(endpoint());
  const HttpResponse twice = connection.post(
      "/" + collection_ + "/update?overwrite=false", "application/json",
      R"([{"id":"k1","_ver_":9},{"id":"k7","_ver_":9},{"id":"k8","_ver_":9}])", kTimeout);
  EXPECT_EQ(twice.status, 200) << twice.body;
  show();
  counts = admin_.count(collection_);
  EXPECT_EQ(counts.all, 3003 + kFence);
  EXPECT_EQ(counts.unique_ids, 3000 + kFence);
}

TEST_P(LiveSolr, RefusedDocumentsAreNamedAndTheOthersAccepted) {
  const auto refused = writer_.update(
      collection_,
      R"([{"id":"a","_ver_":1,"_doc_":"A"},{"id":"bad1","_ver_":1,"c_n_l":"x"},{"id":"b","_ver_":1,"_doc_":"B"},)"
      R"({"id":"bad2","_ver_":1,"c_s_s":")" +
          std::string(40000, 'y') + R"("},{"id":"c","_ver_":1,"_doc_":"C"}])");
  std::vector<std::string> ids;
  for (const RefusedDocument& document : refused) {
    ids.push_back(document.id);
    EXPECT_NE(document.message, "");
  }
  std::sort(ids.begin(), ids.end());
  EXPECT_EQ(ids, (std::vector<std::string>{"bad1", "bad2"}));
  show();
  EXPECT_EQ(texts(), "A B C");
}

TEST_P(LiveSolr, VersionsAreKnownBeforeASearcherShowsThem) {
  write(R"([{"id":"a,b","_ver_":5},{"id":"q\"\\|é","_ver_":6,"_deleted_":true},{"id":"c","_ver_":7}])");
  using Versions = std::map<std::string, std::int64_t>;
  const auto versions = [&](std::vector<std::string> ids) { return writer_.versions(collection_, ids); };
  EXPECT_EQ(versions({"a,b", "q\"\\|é", "none"}), (Versions{{"a,b", 5}, {"q\"\\|é", 6}}));
  EXPECT_EQ(versions({"c"}), (Versions{{"c", 7}}));
  EXPECT_EQ(versions({"none"}), Versions{});
}

TEST_P(LiveSolr, MalformedBodyStops) {
  for (const char* body : {"[{", "nonsense", ""}) {
    try {
      writer_.update(collection_, body);
      FAIL() << "accepted " << body;
    } catch (const Error& error) {
      EXPECT_EQ(error.remedy(), Remedy::kStop) << error.what();
    }
  }
}

TEST_P(LiveSolr, TheVersionOfTheLastCommitIsKnown) {
  EXPECT_EQ(writer_.durable_version(collection_), 0);
  writer_.commit(collection_, 7);
  EXPECT_EQ(writer_.durable_version(collection_), 7);
  writer_.commit(collection_, 6);
  EXPECT_EQ(writer_.durable_version(collection_), 7);
}

TEST_P(LiveSolr, HostileValuesMatchOnlyThemselves) {
  const std::vector<std::string> values = {"a,b",
                                           "a b",
                                           "*",
                                           "{!term f=id}x",
                                           "${all}",
                                           "$all",
                                           "\\",
                                           "\"",
                                           "*:*",
                                           "a&b=c%20+",
                                           "ü",
                                           "",
                                           "_query_:\"*:*\"",
                                           "x) OR (*:*",
                                           std::string("nul\0byte", 8)};
  json body = json::array();
  for (std::size_t i = 0; i < values.size(); ++i) {
    body.push_back({{"id", "v" + std::to_string(i)}, {"_ver_", 1}, {"c_x_s", values[i]}});
  }
  write(body.dump());
  show();
  for (std::size_t i = 0; i < values.size(); ++i) {
    FormParameters parameters = live_documents();
    parameters.insert(parameters.end(),
                      {{"fq", "{!term f=c_x_s v=$v0}"}, {"v0", values[i]}, {"fl", "id"}});
    const json response = search(parameters).at("response");
    ASSERT_EQ(response.at("numFound"), 1) << values[i];
    EXPECT_EQ(response.at("docs").at(0).at("id"), "v" + std::to_string(i));
  }
}

TEST_P(LiveSolr, TwinsOfEveryTypeFilterAndSort) {
  write(
      R"([{"id":"a","_ver_":1,"_doc_":"a","c_l_l":9223372036854775807,"c_d_d":-0.5,"c_b_b":true,"c_s_s":"x","c_n_n":"n1","c_t_us":-5},
            {"id":"b","_ver_":1,"_doc_":"b","c_l_l":9223372036854775806,"c_d_d":"NaN","c_b_b":false,"c_s_s":"y","c_n_n":"n2","c_t_us":5}])");
  show();
  for (const char* filter :
       {"{!term f=c_l_l}9223372036854775807", "c_d_d:[* TO 0]", "{!term f=c_b_b}true",
        "{!terms f=c_s_s}x", "{!frange u=n1}c_n_n", "c_t_us:[* TO \"-1\"]"}) {
    FormParameters parameters = live_documents();
    parameters.insert(parameters.end(), {{"fq", filter}, {"fl", "id"}});
    const json response = search(parameters).at("response");
    ASSERT_EQ(response.at("numFound"), 1) << filter;
    EXPECT_EQ(response.at("docs").at(0).at("id"), "a") << filter;
  }
  for (const char* field : {"c_l_l", "c_n_n", "c_t_us", "c_s_s", "c_b_b"}) {
    FormParameters parameters = live_documents();
    const std::string sort = std::string("exists(") + field + ") desc," + field + " asc,id asc";
    parameters.insert(parameters.end(), {{"sort", sort}, {"fl", "id"}});
    EXPECT_EQ(search(parameters).at("response").at("docs").size(), 2u) << field;
  }
}

TEST_P(LiveSolr, CreationCanBeRepeated) {
  admin_.create_collection(collection_, configset_, GetParam(), 1);
  EXPECT_EQ(admin_.ensure_configset(own_namespace()), configset_);
  const auto collections = admin_.list_collections();
  EXPECT_NE(std::find(collections.begin(), collections.end(), collection_), collections.end());
}

TEST_P(LiveSolr, CollectionOfAnotherConfigsetIsRefused) {
  const std::string other = admin_.ensure_configset(own_namespace() + "x");
  try {
    admin_.create_collection(collection_, other, GetParam(), 1);
    ADD_FAILURE() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.remedy(), Remedy::kStop);
  }
  HttpConnection connection(endpoint());
  connection.get("/admin/configs?action=DELETE&name=" + percent_encode(other), kTimeout);
}

TEST_P(LiveSolr, DeletionOfAMissingCollectionIsDone) {
  EXPECT_EQ(admin_.delete_collection(own_namespace() + ".never.g1"), Deletion::kDone);
}

TEST_P(LiveSolr, AliasIsSwitchedWithItsPropertiesAndHoldsItsCollection) {
  const std::string alias = own_namespace() + ".m";
  EXPECT_FALSE(admin_.set_alias(alias, own_namespace() + ".never.g1", {}));
  ASSERT_TRUE(admin_.set_alias(alias, collection_, {{"daas.owner", "7301/16384"}}));
  EXPECT_EQ(admin_.aliases().at(alias), collection_);
  EXPECT_EQ(admin_.alias_properties(alias).at("daas.owner"), "7301/16384");
  EXPECT_EQ(admin_.delete_collection(collection_), Deletion::kAliased);

  const std::string next = collection_ + "next";
  admin_.create_collection(next, configset_, GetParam(), 1);
  ASSERT_TRUE(admin_.set_alias(alias, next, {}));
  EXPECT_EQ(admin_.aliases().at(alias), next);
  EXPECT_EQ(admin_.alias_properties(alias).at("daas.owner"), "7301/16384") << "kept by the switch";
  admin_.delete_alias(alias);
  admin_.delete_alias(alias);
  EXPECT_FALSE(admin_.aliases().contains(alias));
  EXPECT_TRUE(admin_.alias_properties(alias).empty());
  EXPECT_EQ(admin_.delete_collection(next), Deletion::kDone);
}

TEST_P(LiveSolr, AliasNeverTakesACollectionsName) {
  try {
    (void)admin_.set_alias(collection_, collection_, {});
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.remedy(), Remedy::kStop);
  }
}

TEST_P(LiveSolr, IncarnationChangesWhenACoreIsReloaded) {
  const std::string before = admin_.incarnation(collection_);
  write(R"([{"id":"a","_ver_":1}])");
  writer_.commit(collection_, 1);
  EXPECT_EQ(admin_.incarnation(collection_), before);
  HttpConnection connection(endpoint());
  EXPECT_EQ(
      connection.get("/admin/collections?action=RELOAD&name=" + percent_encode(collection_), 60s)
          .status,
      200);
  EXPECT_NE(admin_.incarnation(collection_), before);
}

TEST_P(LiveSolr, MissingCollectionIsRetried) {
  const std::string missing = own_namespace() + ".never.g1";
  for (const auto& attempt : std::vector<std::function<void()>>{
           [&] { writer_.update(missing, R"([{"id":"a","_ver_":1}])"); },
           [&] { writer_.commit(missing, 1); },
           [&] { admin_.incarnation(missing); }, [&] { admin_.count(missing); }}) {
    try {
      attempt();
      ADD_FAILURE() << "succeeded";
    } catch (const Error& error) {
      EXPECT_EQ(error.remedy(), Remedy::kRetry) << error.what();
    }
  }
}

TEST_P(LiveSolr, ReadyClusterIsSeenAtOnce) {
  std::string seen;
  admin_.wait_ready({collection_, own_namespace() + ".never.g1"}, SolrAdmin::Clock::now() + 30s,
                    [&](const std::string& what) { seen += what + "; "; });
  EXPECT_EQ(seen, "");
}

TEST_P(LiveSolr, AbsentClusterIsNotReadyAtTheDeadline) {
  SolrAdmin nobody(
      {.urls = {"http://127.0.0.1:1/solr"}, .user = "", .password = "", .ca_file = ""});
  std::string seen;
  EXPECT_THROW(nobody.wait_ready({}, SolrAdmin::Clock::now() + 300ms,
                                 [&](const std::string& what) { seen = what; }),
               Error);
  EXPECT_NE(seen.find("127.0.0.1:1"), std::string::npos) << seen;
}

}  // namespace
}  // namespace daas

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (std::getenv("DAAS_TEST_SOLR") == nullptr) {
    std::fprintf(stderr,
                 "DAAS_TEST_SOLR is not set: a running SolrCloud, http://127.0.0.1:PORT/solr\n");
    return 2;
  }
  return RUN_ALL_TESTS();
}
