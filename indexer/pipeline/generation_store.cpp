#include "pipeline/generation_store.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <type_traits>
#include <utility>

#include "core/log_field.hpp"
#include "pipeline/collection_gone.hpp"

namespace daas {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kOwner = "daas.owner";

bool is_in(const std::vector<GenerationRecord>& records, int number) {
  return std::any_of(records.begin(), records.end(),
                     [&](const auto& record) { return record.number == number; });
}

}  // namespace

GenerationStore::GenerationStore(IndexContext& context, std::string model,
                                 const Interrupt& interrupt, RetryObserver observer)
    : context_(context),
      model_(std::move(model)),
      alias_(context.name_space + "." + model_),
      interrupt_(interrupt),
      observer_(std::move(observer)),
      admin_(context.options.solr, &interrupt.flag()),
      writer_(context.options.solr, &interrupt.flag()) {}

template <typename Request>
auto GenerationStore::retried(const Request& request) {
  using Answer = std::invoke_result_t<Request>;
  if constexpr (std::is_void_v<Answer>) {
    with_retry(interrupt_, observer_, request);
  } else {
    std::optional<Answer> answer;
    with_retry(interrupt_, observer_, [&] { answer = request(); });
    return std::move(*answer);
  }
}

template <typename Request>
auto GenerationStore::retried(int number, const Request& request) {
  const auto first_try = Clock::now();
  return retried([&] {
    // What is gone does not come back: waiting for it would hold up the slot for ever.
    if (Clock::now() - first_try > kMissingPatience) check_exists(admin_, collection(number));
    return request();
  });
}

std::string GenerationStore::collection(int number) const {
  return alias_ + ".g" + std::to_string(number);
}

std::optional<int> GenerationStore::number(std::string_view collection) const {
  const auto prefix = alias_ + ".g";
  if (!collection.starts_with(prefix)) return std::nullopt;
  collection.remove_prefix(prefix.size());
  int number = 0;
  const auto [end, error] =
      std::from_chars(collection.data(), collection.data() + collection.size(), number);
  if (error != std::errc{} || end != collection.data() + collection.size()) return std::nullopt;
  return number;
}

std::optional<int> GenerationStore::live() {
  const auto aliases = retried([&] { return admin_.aliases(); });
  const auto found = aliases.find(alias_);
  if (found == aliases.end()) return std::nullopt;
  auto properties = retried([&] { return admin_.alias_properties(alias_); });
  const auto owner = properties[std::string(kOwner)];
  const auto live = number(found->second);
  const auto records = context_.bookkeeper.generations(model_);
  // Solr has no request that makes an alias with its owner: we may have ended between the two. And one
  // that was made by hand in place of ours is ours to put right.
  const bool ours = owner.empty() && !records.empty();
  if (!ours && owner != context_.owner && !context_.options.adopt) {
    throw Error(Remedy::kStop,
                "the Solr alias " + alias_ + " belongs to " +
                    (owner.empty() ? std::string("nobody known") : "the database " + owner) +
                    ", not to this one (" + context_.owner + ")",
                "choose another --solr-namespace, or start once with --adopt to take it over");
  }
  if (ours && live && is_in(records, *live)) make_live(*live);
  return live;
}

std::optional<int> GenerationStore::settle_live(const std::vector<GenerationRecord>& records) {
  auto live = this->live();
  if (live && !exists(*live)) live.reset();
  const auto recorded = std::find_if(records.begin(), records.end(),
                                     [](const auto& record) { return record.live; });
  if (recorded == records.end() || recorded->number == live) return live;
  // A switch whose report was cut short is true. Nobody but us makes one that isn't whole live.
  const bool switched = live && std::any_of(records.begin(), records.end(), [&](const auto& record) {
                          return record.number == *live && record.loaded;
                        });
  if (switched || !exists(recorded->number)) return live;
  spdlog::warn("the Solr alias {} was deleted or redirected by someone else: it points at {} again",
               alias_, recorded->collection);
  make_live(recorded->number);
  return recorded->number;
}

bool GenerationStore::exists(int number) {
  const auto there = retried([&] { return admin_.list_collections(); });
  return std::find(there.begin(), there.end(), collection(number)) != there.end();
}

int GenerationStore::last_number() {
  int last = 0;
  for (const auto& name : retried([&] { return admin_.list_collections(); })) {
    if (const auto found = number(name)) last = std::max(last, *found);
  }
  return last;
}

int GenerationStore::shards(const Model& model) const {
  return model.shards > 0 ? model.shards : context_.options.shards;
}

void GenerationStore::create(int number, const Model& model) {
  const int replicas = model.replicas > 0 ? model.replicas : context_.options.replicas;
  context_.bookkeeper.add_collection(model_, collection(number));
  retried([&] {
    admin_.create_collection(collection(number), context_.configset, shards(model), replicas);
  });
}

void GenerationStore::make_live(int number) {
  const bool there = retried([&] {
    return admin_.set_alias(alias_, collection(number), {{std::string(kOwner), context_.owner}});
  });
  if (!there) throw CollectionGone(collection(number));
}

void GenerationStore::drop_others(int kept) {
  while (true) {
    bool refused = false;
    for (const auto& name : retried([&] { return admin_.list_collections(); })) {
      const auto found = number(name);
      if (!found || *found == kept) continue;
      refused |= drop(name) == Deletion::kAliased;
    }
    // A late CREATEALIAS of a dead daemon may have landed in between. Once the other collections
    // are gone it can't any more, and as long as one is aliased it can't be deleted.
    const auto live = this->live();
    if (!refused && live.value_or(0) == kept) return;
    if (live != kept && kept != 0) make_live(kept);
    if (live && kept == 0) return;
    interrupt_.check();
  }
}

Deletion GenerationStore::drop(const std::string& name) {
  const auto done = retried([&] { return admin_.delete_collection(name); });
  if (done == Deletion::kDone) context_.bookkeeper.remove_collection(name);
  return done;
}

void GenerationStore::drop_all() {
  live();  // refuses a foreign owner
  retried([&] { admin_.delete_alias(alias_); });
  for (const auto& name : retried([&] { return admin_.list_collections(); })) {
    if (number(name)) (void)drop(name);
  }
  context_.bookkeeper.remove_collections_of(model_);  // also of those that were never made
}

void GenerationStore::commit(int number, std::int64_t version) {
  retried(number, [&] { writer_.commit(collection(number), version); });
}

bool GenerationStore::went_back(int number) {
  (void)incarnation(number);  // a core that replays its log knows only some of it
  const auto held = retried(number, [&] { return writer_.durable_version(collection(number)); });
  return held < context_.bookkeeper.durable_version(collection(number));
}

void GenerationStore::open_searcher(int number, Searcher searcher, Lsn position,
                                    const std::string& snapshot) {
  // A try whose answer was lost is overtaken by the next one's version.
  retried(number, [&] {
    const auto version = context_.next_version();
    {
      // Whoever reads the fence's version with the documents can check them against the snapshot.
      const LogField version_field("version", version);
      const LogField snapshot_field("snapshot", snapshot);
      spdlog::debug("collection {} opens a searcher on a whole batch", collection(number));
    }
    writer_.open_searcher(collection(number), searcher, version, position);
  });
}

void GenerationStore::fence(int number) {
  retried(number, [&] { writer_.fence(collection(number), context_.next_version()); });
}

DocumentCounts GenerationStore::count(int number) {
  return retried(number, [&] { return admin_.count(collection(number)); });
}

std::int64_t GenerationStore::live_documents(int number) {
  return retried(number, [&] { return admin_.live_documents(collection(number)); });
}

std::map<std::string, std::int64_t> GenerationStore::versions(const std::string& collection,
                                                              const std::vector<std::string>& ids) {
  return retried([&] { return writer_.versions(collection, ids); });
}

std::string GenerationStore::incarnation(int number) {
  return retried(number, [&] { return admin_.incarnation(collection(number)); });
}

std::vector<std::string> orphaned_models(SolrAdmin& admin, const std::string& name_space,
                                         const std::string& owner,
                                         const std::vector<std::string>& existing) {
  std::vector<std::string> orphans;
  const auto prefix = name_space + ".";
  for (const auto& [alias, collection] : admin.aliases()) {
    if (!alias.starts_with(prefix)) continue;
    auto model = alias.substr(prefix.size());
    if (std::find(existing.begin(), existing.end(), model) != existing.end()) continue;
    if (admin.alias_properties(alias)[std::string(kOwner)] == owner) {
      orphans.push_back(std::move(model));
    }
  }
  return orphans;
}

}  // namespace daas
