#include "solr/cluster_state.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/error.hpp"

namespace daas {
namespace {

using nlohmann::json;

const json kEmpty = json::object();

const json& member(const json& object, const char* name) {
  const auto it = object.find(name);
  return it != object.end() && it->is_object() ? *it : kEmpty;
}

std::string text(const json& object, const char* name) {
  const auto it = object.find(name);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

/// Solr prints "leader":"true" in some versions and "leader":true in others.
bool flag(const json& object, const char* name) {
  const auto it = object.find(name);
  if (it == object.end()) return false;
  return (it->is_boolean() && it->get<bool>()) ||
         (it->is_string() && it->get_ref<const std::string&>() == "true");
}

json parse_answer(std::string_view body, const char* what) {
  json answer = json::parse(body, nullptr, false);
  if (!answer.is_object()) {
    throw Error(Remedy::kRetry, std::string("Solr's answer to ") + what +
                                    " is not JSON: " + std::string(body.substr(0, 200)));
  }
  return answer;
}

Replica read_replica(const std::string& collection, const std::string& shard, const json& state) {
  Replica replica;
  replica.node = text(state, "node_name");
  replica.base_url = text(state, "base_url");
  replica.core = text(state, "core");
  replica.state = text(state, "state");
  replica.leader = flag(state, "leader");
  // "<collection>_<shard>_<replica>" becomes "solr.core.<collection>.<shard>.<replica>".
  const std::string prefix = collection + "_" + shard + "_";
  replica.registry = "solr.core.";
  if (replica.core.starts_with(prefix)) {
    replica.registry += collection + "." + shard + "." + replica.core.substr(prefix.size());
  } else {
    replica.registry += replica.core;
  }
  return replica;
}

}  // namespace

ClusterState parse_cluster_state(std::string_view body) {
  const json answer = parse_answer(body, "CLUSTERSTATUS");
  const auto found = answer.find("cluster");
  if (found == answer.end() || !found->is_object()) {
    throw Error(Remedy::kRetry, "Solr's answer to CLUSTERSTATUS has no cluster",
                "daas needs SolrCloud: start Solr with ZooKeeper (-z, or embedded by -c)");
  }
  ClusterState cluster;
  if (const auto nodes = found->find("live_nodes"); nodes != found->end() && nodes->is_array()) {
    for (const json& node : *nodes) {
      if (node.is_string()) cluster.live_nodes.insert(node.get<std::string>());
    }
  }
  for (const auto& [name, state] : member(*found, "collections").items()) {
    CollectionState collection;
    collection.configset = text(state, "configName");
    for (const auto& [shard_name, shard_state] : member(state, "shards").items()) {
      // A split leaves its parent as an inactive shard.
      if (text(shard_state, "state") != "active") continue;
      Shard shard{.name = shard_name, .replicas = {}};
      for (const auto& [core_node, replica] : member(shard_state, "replicas").items()) {
        if (replica.is_object()) shard.replicas.push_back(read_replica(name, shard_name, replica));
      }
      collection.shards.push_back(std::move(shard));
    }
    cluster.collections.emplace(name, std::move(collection));
  }
  for (const auto& [name, value] : member(*found, "properties").items()) {
    if (value.is_string()) cluster.properties.emplace(name, value.get<std::string>());
  }
  return cluster;
}

std::string unwritable_part(const ClusterState& cluster, const CollectionState& collection) {
  if (collection.shards.empty()) return "no active shard";
  for (const Shard& shard : collection.shards) {
    const auto leads = [&](const Replica& replica) {
      return replica.leader && replica.state == "active" && cluster.live(replica);
    };
    if (std::none_of(shard.replicas.begin(), shard.replicas.end(), leads))
      return shard.name + " has no active leader";
  }
  return {};
}

std::map<std::string, CoreMetrics> parse_core_metrics(std::string_view body) {
  const json answer = parse_answer(body, "/admin/metrics");
  std::map<std::string, CoreMetrics> cores;
  const auto read = [&cores](const json& metrics) {
    for (const auto& [registry, values] : metrics.items()) {
      if (!values.is_object()) continue;
      CoreMetrics core;
      core.start_time = text(values, "CORE.startTime");
      const auto state = values.find("TLOG.state");
      if (state != values.end() && state->is_number_integer()) core.log_state = state->get<int>();
      cores.emplace(registry, std::move(core));
    }
  };
  read(member(answer, "metrics"));
  for (const auto& [node, node_answer] : answer.items()) {
    if (node_answer.is_object()) read(member(node_answer, "metrics"));
  }
  return cores;
}

std::string replaying_part(const ClusterState& cluster, const CollectionState& collection,
                           const std::map<std::string, CoreMetrics>& metrics) {
  for (const Shard& shard : collection.shards) {
    for (const Replica& replica : shard.replicas) {
      if (!replica.leader || !cluster.live(replica)) continue;
      const auto core = metrics.find(replica.registry);
      if (core == metrics.end()) return "core " + replica.core + " is not loaded";
      if (core->second.log_state != kLogActive)
        return "core " + replica.core + " replays its update log";
    }
  }
  return {};
}

std::string incarnation_of(const ClusterState& cluster, const CollectionState& collection,
                           const std::map<std::string, CoreMetrics>& metrics) {
  std::map<std::string, std::string> starts;
  for (const Shard& shard : collection.shards) {
    for (const Replica& replica : shard.replicas) {
      const auto core = metrics.find(replica.registry);
      auto& start = starts[replica.core];
      start = core != metrics.end() && cluster.live(replica) ? core->second.start_time : "down";
      if (replica.leader) start += '*';
    }
  }
  std::string all;
  for (const auto& [core, start] : starts) {
    if (!all.empty()) all += ' ';
    all += core + "=" + start;
  }
  return all;
}

}  // namespace daas
