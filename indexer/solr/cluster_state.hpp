// What SolrCloud says about its collections, as values. Pure.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace daas {

struct Replica {
  std::string node;      ///< "10.0.0.7:8983_solr"
  std::string base_url;  ///< "http://10.0.0.7:8983/solr"
  std::string core;      ///< "shop.flights.g3_shard1_replica_n1"
  std::string
      registry;  ///< the core's name in the metrics: "solr.core.shop.flights.g3.shard1.replica_n1"
  std::string state;  ///< "active", "down", "recovering", "recovery_failed"
  bool leader = false;
};

struct Shard {
  std::string name;
  std::vector<Replica> replicas;
};

struct CollectionState {
  std::string configset;
  std::vector<Shard> shards;
};

struct ClusterState {
  std::set<std::string> live_nodes;
  std::map<std::string, CollectionState> collections;
  std::map<std::string, std::string> properties;  ///< of the cluster (CLUSTERPROP), those that are texts

  bool live(const Replica& replica) const { return live_nodes.contains(replica.node); }
};

/// Reads the answer of CLUSTERSTATUS. Throws Error(kRetry) when the body is not one.
ClusterState parse_cluster_state(std::string_view body);

/// The part of a collection that can't be written now, in words; empty when every shard has an
/// active leader on a live node.
std::string unwritable_part(const ClusterState& cluster, const CollectionState& collection);

/// What one core's metrics tell.
struct CoreMetrics {
  std::string start_time;
  int log_state = -1;  ///< 0 replaying, 1 buffering, 2 applying what was buffered, 3 active
};
constexpr int kLogActive = 3;

/// By registry, over all nodes, from /admin/metrics with nodes=all. Throws Error(kRetry) when the
/// body is not that.
std::map<std::string, CoreMetrics> parse_core_metrics(std::string_view body);

/// The leaders whose update log is not (yet) active, in words; empty when all are: during a replay
/// Solr answers 200 to searches with old counts, and to commits without doing them.
std::string replaying_part(const ClusterState& cluster, const CollectionState& collection,
                           const std::map<std::string, CoreMetrics>& metrics);

/// Start times of all of a collection's cores, and which of them lead: differs as soon as one of them
/// was restarted, is gone or has come back, or another leads. What a node had forwarded to a leader that
/// is gone may be lost, although Solr answered 200.
std::string incarnation_of(const ClusterState& cluster, const CollectionState& collection,
                           const std::map<std::string, CoreMetrics>& metrics);

}  // namespace daas
