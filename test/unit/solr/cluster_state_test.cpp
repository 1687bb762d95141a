#include "solr/cluster_state.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"

namespace daas {
namespace {

// As Solr 9.10 prints it, shortened: two shards on two nodes, a name with dots.
constexpr const char* kState = R"({"responseHeader":{"status":0},"cluster":{
  "live_nodes":["127.0.0.1:8983_solr","127.0.0.1:8984_solr"],
  "collections":{"shop.flights.g3":{"configName":"shop.daas.0a1b2c3d","shards":{
    "shard1":{"state":"active","replicas":{
      "core_node3":{"core":"shop.flights.g3_shard1_replica_n1","node_name":"127.0.0.1:8983_solr","state":"active",
                    "leader":"true","base_url":"http://127.0.0.1:8983/solr"},
      "core_node4":{"core":"shop.flights.g3_shard1_replica_n2","node_name":"127.0.0.1:8984_solr","state":"recovering",
                    "base_url":"http://127.0.0.1:8984/solr"}}},
    "shard2":{"state":"active","replicas":{
      "core_node5":{"core":"shop.flights.g3_shard2_replica_n5","node_name":"127.0.0.1:8984_solr","state":"active",
                    "leader":true,"base_url":"http://127.0.0.1:8984/solr"}}},
    "shard0":{"state":"inactive","replicas":{}}}}}}})";

constexpr const char* kMetrics = R"({"responseHeader":{"status":0},
  "127.0.0.1:8983_solr":{"metrics":{"solr.core.shop.flights.g3.shard1.replica_n1":
    {"CORE.startTime":"2026-01-01T00:00:00.001Z","TLOG.state":3}}},
  "127.0.0.1:8984_solr":{"metrics":{
    "solr.core.shop.flights.g3.shard1.replica_n2":{"CORE.startTime":"2026-01-01T00:00:00.002Z","TLOG.state":1},
    "solr.core.shop.flights.g3.shard2.replica_n5":{"CORE.startTime":"2026-01-01T00:00:00.003Z","TLOG.state":3}}}})";

std::string replace(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

struct Seen {
  explicit Seen(const std::string& state = kState, const std::string& metrics_body = kMetrics)
      : cluster(parse_cluster_state(state)), metrics(parse_core_metrics(metrics_body)) {}
  const CollectionState& collection() const { return cluster.collections.at("shop.flights.g3"); }
  std::string unwritable() const { return unwritable_part(cluster, collection()); }
  std::string replaying() const { return replaying_part(cluster, collection(), metrics); }
  std::string incarnation() const { return incarnation_of(cluster, collection(), metrics); }

  ClusterState cluster;
  std::map<std::string, CoreMetrics> metrics;
};

TEST(ClusterState, CollectionIsReadWithItsActiveShards) {
  const Seen seen;
  EXPECT_EQ(seen.collection().configset, "shop.daas.0a1b2c3d");
  ASSERT_EQ(seen.collection().shards.size(), 2u);
  EXPECT_EQ(seen.collection().shards[0].replicas.size(), 2u);
  EXPECT_EQ(seen.collection().shards[0].replicas[0].registry,
            "solr.core.shop.flights.g3.shard1.replica_n1");
}

TEST(ClusterState, CollectionWithLiveLeadersCanBeWritten) {
  EXPECT_EQ(Seen().unwritable(), "");
}

TEST(ClusterState, LeaderOnADeadNodeIsNone) {
  const Seen seen(replace(kState, R"(,"127.0.0.1:8984_solr"])", "]"));
  EXPECT_EQ(seen.unwritable(), "shard2 has no active leader");
}

TEST(ClusterState, LeaderThatIsDownIsNone) {
  const Seen seen(replace(kState, R"("state":"active",
                    "leader":"true")",
                          R"("state":"down","leader":"true")"));
  EXPECT_EQ(seen.unwritable(), "shard1 has no active leader");
}

TEST(ClusterState, RecoveringFollowerDoesNotHoldUp) {
  EXPECT_EQ(Seen().replaying(), "");
}

TEST(ClusterState, LeaderThatReplaysHoldsUp) {
  const Seen seen(kState, replace(kMetrics, R"("2026-01-01T00:00:00.003Z","TLOG.state":3)",
                                  R"("2026-01-01T00:00:00.003Z","TLOG.state":0)"));
  EXPECT_EQ(seen.replaying(), "core shop.flights.g3_shard2_replica_n5 replays its update log");
}

TEST(ClusterState, LeaderThatIsNotLoadedHoldsUp) {
  const Seen seen(kState, R"({"metrics":{}})");
  EXPECT_EQ(seen.replaying(), "core shop.flights.g3_shard1_replica_n1 is not loaded");
}

TEST(ClusterState, IncarnationIsTheSameWhileNothingRestarts) {
  EXPECT_EQ(Seen().incarnation(), Seen().incarnation());
}

TEST(ClusterState, IncarnationDiffersAfterARestartOfAnyCore) {
  for (const char* start : {"00.001Z", "00.002Z", "00.003Z"}) {
    EXPECT_NE(Seen(kState, replace(kMetrics, start, "09.999Z")).incarnation(), Seen().incarnation())
        << start;
  }
}

TEST(ClusterState, IncarnationDiffersWhenANodeIsGone) {
  EXPECT_NE(Seen(replace(kState, R"(,"127.0.0.1:8984_solr"])", "]")).incarnation(),
            Seen().incarnation());
}

TEST(ClusterState, IncarnationDiffersWhenAnotherReplicaLeads) {
  auto moved = replace(kState, R"(
                    "leader":"true",)", "");
  moved = replace(moved, R"("state":"recovering",)", R"("state":"active","leader":"true",)");
  EXPECT_NE(Seen(moved).incarnation(), Seen().incarnation());
}

TEST(ClusterState, MetricsOfASingleNodeAreReadToo) {
  const auto metrics =
      parse_core_metrics(R"({"metrics":{"solr.core.a.shard1.replica_n1":{"TLOG.state":3}}})");
  EXPECT_EQ(metrics.at("solr.core.a.shard1.replica_n1").log_state, kLogActive);
}

TEST(ClusterState, WhatIsNotAnAnswerIsRetried) {
  for (const char* body : {"", "[]", "{}", R"({"cluster":3})", "<html>"}) {
    try {
      parse_cluster_state(body);
      FAIL() << "accepted " << body;
    } catch (const Error& error) {
      EXPECT_EQ(error.remedy(), Remedy::kRetry);
    }
  }
}

TEST(ClusterState, OddShapesAreNoCrash) {
  EXPECT_TRUE(
      parse_cluster_state(R"({"cluster":{"live_nodes":7,"collections":[]}})").collections.empty());
  const ClusterState odd = parse_cluster_state(
      R"({"cluster":{"live_nodes":[3],"collections":{"a":{"shards":{"s":{"state":"active","replicas":{"r":5}}}},"b":9}}})");
  EXPECT_EQ(unwritable_part(odd, odd.collections.at("a")), "s has no active leader");
  EXPECT_EQ(unwritable_part(odd, odd.collections.at("b")), "no active shard");
}

}  // namespace
}  // namespace daas
