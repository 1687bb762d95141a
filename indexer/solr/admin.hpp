// Collections, aliases and the configset of one SolrCloud, and whether it tells the truth yet.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "solr/cluster_state.hpp"
#include "solr/http.hpp"

namespace daas {

/// What a collection's live searcher holds.
struct DocumentCounts {
  std::int64_t live = 0;        ///< without tombstones
  std::int64_t all = 0;         ///< with tombstones
  std::int64_t unique_ids = 0;  ///< exact, over all shards; other than `all`: an id is there twice
};

enum class Deletion : std::uint8_t {
  kDone,     ///< deleted, or was not there
  kAliased,  ///< refused: an alias points at it
};

/// One connection, owned and used by one thread. Every method can be repeated, and throws
/// Error(kRetry) when it is in doubt whether Solr did it.
class SolrAdmin {
 public:
  using Clock = std::chrono::steady_clock;
  /// Gets what is waited for, in words, when it changes.
  using Observer = std::function<void(const std::string&)>;

  explicit SolrAdmin(SolrEndpoint endpoint, const std::atomic<bool>* abort = nullptr);

  /// Waits until the cluster answers and those of the collections that exist can be written, are
  /// loaded and have replayed their update logs. Before that Solr answers 200 and lies: old counts,
  /// commits that do nothing. Throws Error(kRetry) at the deadline, with what it saw last.
  void wait_ready(const std::vector<std::string>& collections, Clock::time_point deadline,
                  const Observer& observer);

  /// Uploads the built-in configset unless it is there; returns its name.
  std::string ensure_configset(std::string_view solr_namespace);

  /// Makes the collection, or finds it there with the same configset; returns when it can be
  /// written. Throws Error(kAgain) when Solr refuses it, which a lost node may make it do.
  void create_collection(const std::string& name, const std::string& configset, int shards,
                         int replicas);
  [[nodiscard]] Deletion delete_collection(const std::string& name);
  std::vector<std::string> list_collections();

  /// Alias to collection(s), as Solr has it.
  std::map<std::string, std::string> aliases();
  std::map<std::string, std::string> alias_properties(const std::string& alias);
  /// Points the alias at the collection, in one step for readers, and adds the properties. False
  /// when the collection does not exist. A new alias is for a moment without its properties.
  [[nodiscard]] bool set_alias(const std::string& alias, const std::string& collection,
                               const std::map<std::string, std::string>& properties);
  void delete_alias(const std::string& alias);

  ClusterState cluster_state();
  /// Of all nodes that answer, by registry.
  std::map<std::string, CoreMetrics> core_metrics();
  /// A property of the whole cluster; Solr takes names that begin with "ext." from anybody.
  void set_cluster_property(const std::string& name, const std::string& value);

  /// Differs from an earlier answer when any core of the collection was restarted or reloaded, went
  /// or came back in between. Throws Error(kRetry) while a leader is loading or replays its log.
  std::string incarnation(const std::string& collection);

  /// Documents without tombstones, as the open searcher shows them: cheap.
  std::int64_t live_documents(const std::string& collection);
  DocumentCounts count(const std::string& collection);

 private:
  HttpResponse call(const std::string& path, const std::string& action);
  void upload_configset(const std::string& name);
  void change(const std::string& path, const std::string& action);
  /// What is not ready, in words; empty when all is.
  std::string obstacle(const std::vector<std::string>& collections);
  void wait_writable(const std::string& collection, Clock::time_point deadline);

  HttpConnection connection_;
};

}  // namespace daas
