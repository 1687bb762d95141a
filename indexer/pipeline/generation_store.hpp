// A model's collections and alias in Solr (design §6 P4, §8). Only here do names of collections
// arise and only here are collections created, switched and dropped.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/context.hpp"
#include "pipeline/lanes.hpp"
#include "solr/admin.hpp"

namespace daas {

/// Used by one thread. Every method waits out failures that may heal.
class GenerationStore {
 public:
  GenerationStore(IndexContext& context, std::string model, const Interrupt& interrupt,
                  RetryObserver observer);

  const std::string& alias() const { return alias_; }
  std::string collection(int number) const;
  /// Number of a collection of this model; nothing for any other name.
  std::optional<int> number(std::string_view collection) const;

  /// The generation that the alias points at; nothing when there is no alias or it points at what is
  /// no generation of the model. Throws Error(kStop) when the alias belongs to another owner and
  /// adoption was not asked for.
  std::optional<int> live();
  /// The generation that readers are to see, by the books and the alias. An alias that was deleted or
  /// redirected by someone else is put right.
  std::optional<int> settle_live(const std::vector<GenerationRecord>& records);
  bool exists(int number);
  /// Highest number in use, 0 when none.
  int last_number();
  /// Creates the empty collection and waits until it takes writes.
  /// Of its collections to come.
  int shards(const Model& model) const;
  void create(int number, const Model& model);
  /// Points the alias at it. Throws CollectionGone when it was deleted.
  void make_live(int number);
  /// Deletes every generation but `kept` (0: all), then reads the alias again; goes on until both
  /// agree. Never deletes what the alias points at.
  void drop_others(int kept);
  /// Removes alias and all generations.
  void drop_all();
  /// To disk, without a searcher.
  void commit(int number, std::int64_t version);
  /// What was to disk is no longer there, though the collection is: its disk was lost or restored, or a
  /// replica that was behind leads.
  bool went_back(int number);
  /// @param position every commit finished before it is in the documents
  /// @param snapshot the documents are those of it, for the log
  void open_searcher(int number, Searcher searcher, Lsn position, const std::string& snapshot);
  /// What an earlier run asked for opens no searcher any more.
  void fence(int number);
  DocumentCounts count(int number);
  std::int64_t live_documents(int number);
  /// Versions that Solr holds of documents; those that it does not have are left out.
  std::map<std::string, std::int64_t> versions(const std::string& collection,
                                               const std::vector<std::string>& ids);
  /// Changes when a node that holds the collection restarted.
  std::string incarnation(int number);

 private:
  [[nodiscard]] Deletion drop(const std::string& name);
  template <typename Request>
  auto retried(const Request& request);
  /// Of a collection. Throws CollectionGone when it was deleted.
  template <typename Request>
  auto retried(int number, const Request& request);

  IndexContext& context_;
  const std::string model_;
  const std::string alias_;
  const Interrupt& interrupt_;
  const RetryObserver observer_;
  SolrAdmin admin_;
  SolrWriter writer_;
};

/// Models of this namespace and owner that Solr still holds but that no longer exist.
std::vector<std::string> orphaned_models(SolrAdmin& admin, const std::string& name_space,
                                         const std::string& owner,
                                         const std::vector<std::string>& existing);

}  // namespace daas
