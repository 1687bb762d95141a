#include "solr/admin.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "solr/answer.hpp"
#include "solr/configset.hpp"
#include "solr/form.hpp"

namespace daas {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr HttpConnection::Timeout kShort = 15s;
/// Making or deleting a collection waits for all of its replicas; Solr itself gives up after 180 s.
constexpr HttpConnection::Timeout kLong = 200s;
constexpr auto kWritableWait = 60s;
constexpr auto kPollPause = 100ms;

std::string collections_call(const FormParameters& parameters) {
  return "/admin/collections?wt=json&" + form_encode(parameters);
}

json parse(const HttpResponse& response, const std::string& action) {
  json body = json::parse(response.body, nullptr, false);
  if (!body.is_object())
    throw Error(Remedy::kRetry, "Solr's answer to the " + action + " is not JSON");
  return body;
}

/// A 200 alone is not Solr's word: something in between may have said it.
void must_be_done(const HttpResponse& response, const std::string& action) {
  if (response.status != 200) throw solr_error(response, action);
  if (!parse(response, action).contains("responseHeader"))
    throw Error(Remedy::kRetry, "Solr's answer to the " + action + " is not one");
}

bool says(const HttpResponse& response, std::string_view words) {
  return response.status == 400 && solr_message(response).find(words) != std::string::npos;
}

std::map<std::string, std::string> read_texts(const json& object) {
  std::map<std::string, std::string> texts;
  if (!object.is_object()) return texts;
  for (const auto& [name, value] : object.items()) {
    if (value.is_string()) texts.emplace(name, value.get<std::string>());
  }
  return texts;
}

/// Lets requests end that a stop of the daemon or of the model would cut short.
class Grace {
 public:
  explicit Grace(HttpConnection& connection) : connection_(connection) {
    connection_.set_grace(std::chrono::seconds(3));
  }
  ~Grace() { connection_.set_grace(std::chrono::seconds(0)); }
  Grace(const Grace&) = delete;
  Grace& operator=(const Grace&) = delete;

 private:
  HttpConnection& connection_;
};

/// What `read` makes of the whole answer to a query that counts.
template <typename Read>
auto counted(HttpConnection& connection, const std::string& collection,
             const FormParameters& parameters, const Read& read) {
  const std::string action = "count of " + collection;
  const HttpResponse response =
      connection.post("/" + percent_encode(collection) + "/select",
                      "application/x-www-form-urlencoded", form_encode(parameters), kLong);
  if (response.status != 200) throw solr_error(response, action);
  const json answer = parse(response, action);
  try {
    if (answer.at("responseHeader").contains("partialResults")) {
      throw Error(Remedy::kRetry, "Solr gave a partial answer to the " + action);
    }
    return read(answer);
  } catch (const json::exception& error) {
    throw Error(Remedy::kRetry, "Solr's answer to the " + action + " is not one: " + error.what());
  }
}

}  // namespace

SolrAdmin::SolrAdmin(SolrEndpoint endpoint, const std::atomic<bool>* abort)
    : connection_(std::move(endpoint), abort) {}

HttpResponse SolrAdmin::call(const std::string& path, const std::string& action) {
  HttpResponse response = connection_.get(path, kShort);
  if (response.status != 200) throw solr_error(response, action);
  return response;
}

void SolrAdmin::change(const std::string& path, const std::string& action) {
  must_be_done(connection_.get(path, kLong), action);
}

ClusterState SolrAdmin::cluster_state() {
  const HttpResponse response =
      connection_.get(collections_call({{"action", "CLUSTERSTATUS"}}), kShort);
  if (says(response, "not running in SolrCloud mode")) {
    throw Error(Remedy::kStop, "this Solr is not a SolrCloud: " + connection_.base_url(),
                "start it with ZooKeeper, its own (bin/solr start -c) or yours (-z HOSTS)");
  }
  if (response.status != 200) throw solr_error(response, "question for the cluster's state");
  return parse_cluster_state(response.body);
}

std::map<std::string, CoreMetrics> SolrAdmin::core_metrics() {
  return parse_core_metrics(
      call("/admin/metrics?wt=json&group=core&prefix=CORE.startTime,TLOG.state&nodes=all",
           "question for core metrics")
          .body);
}

void SolrAdmin::wait_ready(const std::vector<std::string>& collections, Clock::time_point deadline,
                           const Observer& observer) {
  std::string seen;
  for (;;) {
    std::string now;
    try {
      now = obstacle(collections);
    } catch (const Error& error) {
      if (error.remedy() != Remedy::kRetry) throw;
      now = error.what();
    }
    if (now.empty()) return;
    if (now != seen) {
      seen = now;
      if (observer) observer(seen);
    }
    if (Clock::now() >= deadline) throw Error(Remedy::kRetry, "Solr is not ready: " + seen);
    connection_.pause(kPollPause);
  }
}

std::string SolrAdmin::obstacle(const std::vector<std::string>& collections) {
  const ClusterState cluster = cluster_state();
  if (cluster.live_nodes.empty()) return "no live node";
  std::map<std::string, std::string> nodes;  // base URL by name, of those that hold our collections
  for (const std::string& name : collections) {
    const auto found = cluster.collections.find(name);
    if (found == cluster.collections.end()) continue;
    if (std::string part = unwritable_part(cluster, found->second); !part.empty())
      return name + ": " + part;
    for (const Shard& shard : found->second.shards) {
      for (const Replica& replica : shard.replicas) {
        if (cluster.live(replica)) nodes[replica.node] = replica.base_url;
      }
    }
  }
  // In this order: a search fails while cores are missing, which health does not see; health fails
  // while they are loading; and a log still says "active" in the moment before its replay.
  for (const std::string& name : collections) {
    if (!cluster.collections.contains(name)) continue;
    const HttpResponse response =
        connection_.get("/" + percent_encode(name) + "/select?q=*:*&rows=0", kShort);
    if (response.status != 200) return name + ": " + solr_error(response, "first search").what();
  }
  for (const auto& [node, base_url] : nodes) {
    const HttpResponse health = connection_.get_from(
        base_url, "/admin/info/health?requireHealthyCores=true&wt=json", kShort);
    // Loaded, but with an unhealthy core: that may be somebody else's; ours have been looked at.
    const bool loaded = health.body.find("num_cores_unhealthy") != std::string::npos;
    if (health.status != 200 && !loaded) return "node " + node + " is loading its cores";
  }
  const std::map<std::string, CoreMetrics> metrics = core_metrics();
  for (const std::string& name : collections) {
    const auto found = cluster.collections.find(name);
    if (found == cluster.collections.end()) continue;
    if (std::string part = replaying_part(cluster, found->second, metrics); !part.empty())
      return part;
  }
  return {};
}

std::string SolrAdmin::ensure_configset(std::string_view solr_namespace) {
  std::string name = configset_name(solr_namespace);
  const json list =
      parse(call("/admin/configs?action=LIST&wt=json", "list of configsets"), "list of configsets");
  if (const auto sets = list.find("configSets"); sets != list.end() && sets->is_array()) {
    if (std::find(sets->begin(), sets->end(), json(name)) != sets->end()) return name;
  }
  upload_configset(name);
  return name;
}

void SolrAdmin::upload_configset(const std::string& name) {
  const std::string path = "/admin/configs?action=UPLOAD&wt=json&name=" + percent_encode(name);
  const HttpResponse response =
      connection_.post(path, "application/octet-stream", configset_zip(), kLong);
  // Another daemon may have been faster; under this name its files are the same.
  if (!says(response, "already exists")) must_be_done(response, "upload of the configset " + name);
}

void SolrAdmin::create_collection(const std::string& name, const std::string& configset, int shards,
                                  int replicas) {
  const auto action = "creation of the collection " + name;
  const HttpResponse response =
      connection_.get(collections_call({{"action", "CREATE"},
                                        {"name", name},
                                        {"numShards", std::to_string(shards)},
                                        {"replicationFactor", std::to_string(replicas)},
                                        {"collection.configName", configset},
                                        {"waitForFinalState", "true"}}),
                      kLong);
  if (says(response, "collection already exists")) {
    const ClusterState cluster = cluster_state();
    const auto found = cluster.collections.find(name);
    if (found != cluster.collections.end() && found->second.configset != configset) {
      throw Error(Remedy::kStop,
                  "collection " + name + " exists with the configset " + found->second.configset +
                      ", not " + configset,
                  "delete it if it is not in use, or start daas with another --solr-namespace");
    }
  } else if (says(response, "Can not find the specified config set")) {
    upload_configset(configset);
    throw Error(Remedy::kRetry, "the configset " + configset +
                                    " was deleted by someone else; it is there again");
  } else if (response.status == 400) {
    // A node that went away meanwhile is one, too: "Underlying core creation failed".
    throw Error(Remedy::kAgain, "Solr refused the " + action + ": " + solr_message(response));
  } else if (response.status != 200) {
    throw solr_error(response, action);
  } else if (const json answer = parse(response, action); answer.contains("failure")) {
    throw Error(Remedy::kRetry, "Solr could not make all of the collection " + name + ": " +
                                    answer["failure"].dump());
  }
  wait_writable(name, Clock::now() + kWritableWait);
}

void SolrAdmin::wait_writable(const std::string& collection, Clock::time_point deadline) {
  for (;;) {
    const ClusterState cluster = cluster_state();
    const auto found = cluster.collections.find(collection);
    std::string seen = found == cluster.collections.end() ? std::string("not there yet")
                                                          : unwritable_part(cluster, found->second);
    if (seen.empty()) {
      const HttpResponse response = connection_.post(
          "/" + percent_encode(collection) + "/update?wt=json", "application/json", "[]", kShort);
      if (response.status == 200) return;
      seen = solr_error(response, "first update").what();
    }
    if (Clock::now() >= deadline) {
      throw Error(Remedy::kRetry, "collection " + collection + " can't be written: " + seen);
    }
    connection_.pause(kPollPause);
  }
}

Deletion SolrAdmin::delete_collection(const std::string& name) {
  const HttpResponse response =
      connection_.get(collections_call({{"action", "DELETE"}, {"name", name}}), kLong);
  if (says(response, "Could not find collection")) return Deletion::kDone;
  if (says(response, "is part of aliases")) return Deletion::kAliased;
  must_be_done(response, "deletion of the collection " + name);
  return Deletion::kDone;
}

std::vector<std::string> SolrAdmin::list_collections() {
  const std::string action = "list of collections";
  const json answer = parse(call(collections_call({{"action", "LIST"}}), action), action);
  const auto names = answer.find("collections");
  // An answer without the list must not look like a cluster without collections.
  if (names == answer.end() || !names->is_array())
    throw Error(Remedy::kRetry, "Solr gave no " + action);
  std::vector<std::string> collections;
  for (const json& name : *names) {
    if (name.is_string()) collections.push_back(name.get<std::string>());
  }
  return collections;
}

std::map<std::string, std::string> SolrAdmin::aliases() {
  const std::string action = "list of aliases";
  const json answer = parse(call(collections_call({{"action", "LISTALIASES"}}), action), action);
  if (!answer.contains("aliases")) throw Error(Remedy::kRetry, "Solr gave no " + action);
  return read_texts(answer["aliases"]);
}

std::map<std::string, std::string> SolrAdmin::alias_properties(const std::string& alias) {
  const std::string action = "list of aliases";
  const json answer = parse(call(collections_call({{"action", "LISTALIASES"}}), action), action);
  const auto all = answer.find("properties");
  if (all == answer.end() || !all->is_object() || !all->contains(alias)) return {};
  return read_texts((*all)[alias]);
}

bool SolrAdmin::set_alias(const std::string& alias, const std::string& collection,
                          const std::map<std::string, std::string>& properties) {
  // Solr makes an alias on a collection's name, and from then on reads and writes go elsewhere.
  const std::vector<std::string> collections = list_collections();
  if (std::find(collections.begin(), collections.end(), alias) != collections.end()) {
    throw Error(Remedy::kStop, "a collection has the name of the alias " + alias,
                "start daas with another --solr-namespace");
  }
  // Nobody would know whose an alias is that we left between these two requests.
  const Grace grace(connection_);
  const HttpResponse response = connection_.get(
      collections_call({{"action", "CREATEALIAS"}, {"name", alias}, {"collections", collection}}),
      kLong);
  if (says(response, "is not an existing collection")) return false;
  must_be_done(response, "switch of the alias " + alias);
  if (!properties.empty()) {
    FormParameters parameters = {{"action", "ALIASPROP"}, {"name", alias}};
    for (const auto& [name, value] : properties) parameters.emplace_back("property." + name, value);
    const HttpResponse answer = connection_.get(collections_call(parameters), kShort);
    if (says(answer, "non-existent alias")) {
      throw Error(Remedy::kRetry, "the alias " + alias + " was deleted by someone else at once");
    }
    must_be_done(answer, "change of properties of the alias " + alias);
  }
  return true;
}

void SolrAdmin::delete_alias(const std::string& alias) {
  change(collections_call({{"action", "DELETEALIAS"}, {"name", alias}}),
         "deletion of the alias " + alias);
}

void SolrAdmin::set_cluster_property(const std::string& name, const std::string& value) {
  change(collections_call({{"action", "CLUSTERPROP"}, {"name", name}, {"val", value}}),
         "change of the cluster's property " + name);
}

std::string SolrAdmin::incarnation(const std::string& collection) {
  const ClusterState cluster = cluster_state();
  const auto found = cluster.collections.find(collection);
  if (found == cluster.collections.end()) {
    throw Error(Remedy::kRetry, "collection " + collection + " does not exist",
                "if it was deleted: SELECT daas.reload_model(...) makes a new one");
  }
  // Between a leader's death and the next one's election Solr answers 200 to updates and commits that
  // reach no core at all.
  std::string part = unwritable_part(cluster, found->second);
  const std::map<std::string, CoreMetrics> metrics = core_metrics();
  if (part.empty()) part = replaying_part(cluster, found->second, metrics);
  if (!part.empty()) throw Error(Remedy::kRetry, "Solr is not ready: " + part);
  return incarnation_of(cluster, found->second, metrics);
}

std::int64_t SolrAdmin::live_documents(const std::string& collection) {
  return counted(connection_, collection,
                 {{"q", "*:* -_deleted_:true"},
                  {"rows", "0"},
                  {"wt", "json"},
                  {"expandMacros", "false"}},
                 [](const json& answer) {
                   return answer.at("response").at("numFound").get<std::int64_t>();
                 });
}

DocumentCounts SolrAdmin::count(const std::string& collection) {
  // unique() adds the shards' exact numbers as long as no id is on two of them, and an id's hash
  // gives its shard.
  return counted(connection_, collection,
                 {{"q", "*:*"},
                  {"rows", "0"},
                  {"wt", "json"},
                  {"json.facet",
                   R"json({"ids":"unique(id)","dead":{"type":"query","q":"_deleted_:true"}})json"}},
                 [](const json& answer) {
                   const json& facets = answer.at("facets");
                   DocumentCounts counts;
                   counts.all = answer.at("response").at("numFound").get<std::int64_t>();
                   // An empty index has no facets but their count.
                   if (counts.all == 0) return counts;
                   counts.unique_ids = facets.at("ids").get<std::int64_t>();
                   counts.live = counts.all - facets.at("dead").at("count").get<std::int64_t>();
                   return counts;
                 });
}

}  // namespace daas
