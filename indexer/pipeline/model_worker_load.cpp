// A model's generations: birth, switch, and what is thrown away (P4).
#include <spdlog/spdlog.h>

#include <utility>

#include "core/column_list.hpp"
#include "core/log_field.hpp"
#include "pipeline/model_worker.hpp"

namespace daas {

void ModelWorker::start_load() {
  // A copy of the database counts anew, in a Solr that may know higher numbers.
  const int number = context_.bookkeeper.next_generation(store_->last_number() + 1);
  auto* const subscription = subscription_.get();
  const RetryObserver observer = [this](const std::string& what) {
    if (what.empty()) return;
    metrics_.solr_retries.Increment();
    const LogField field("model", model_.name);  // a lane's thread has none
    spdlog::warn("model {}, load: {}; trying again", model_.name, what);
  };
  const LogField generation("generation", number);
  spdlog::info("model {}: generation {} will be loaded ({})", model_.name, number, load_cause_);
  load_ = std::make_unique<Loader>(context_, model_, letters_, number, observer,
                                   [subscription] { subscription->wake(); });
}

void ModelWorker::discard_load(const std::string& why) {
  if (!load_) return;
  const int number = load_->number();
  const LogField generation("generation", number);
  spdlog::info("model {}: generation {} is thrown away ({})", model_.name, number, why);
  load_.reset();
  next_.reset();
  letters_.forget(store_->collection(number));
  mismatched_ = false;
  load_wanted_ = true;
  store_->drop_others(live_ ? live_->number : 0);
  context_.bookkeeper.remove_generation(model_.name, number);
}

void ModelWorker::check_load() {
  if (!load_ || load_->phase() != Loader::Phase::kFailed) return;
  try {
    std::rethrow_exception(load_->error());
  } catch (const Error& error) {
    if (!may_pass(error.remedy()) && !awaits_ddl(error, load_awaited_ddl_)) throw;
    // It holds nothing up, so it may be tried for ever.
    const auto wait = load_backoff_.next();
    load_at_ = Clock::now() + wait;
    metrics_.postgresql_retries.Increment();
    load_failure_ = std::string("the last load failed and is made again: ") + error.what();
    spdlog::warn("model {}: the load failed: {}; trying again in {} ms", model_.name, error.log_text(),
                 wait.count());
    discard_load("it failed");
  }
}

void ModelWorker::inspect() {
  if (next_ && !store_->exists(next_->number)) {
    discard_load("its collection was deleted by someone else");
  }
  if (!live_) return;
  if (!store_->exists(live_->number)) {
    lose_live(" was deleted by someone else");
  } else if (store_->went_back(live_->number)) {
    lose_live(kWentBack);
  } else if (store_->live() != live_->number) {
    spdlog::warn("model {}: the Solr alias {} was deleted or redirected by someone else: it points "
                 "at generation {} again",
                 model_.name, store_->alias(), live_->number);
    store_->make_live(live_->number);
  }
}

void ModelWorker::lose_live(const std::string& what) {
  const int number = live_->number;
  const auto why = "the collection of generation " + std::to_string(number) + what;
  const LogField generation("generation", number);
  spdlog::error("model {}: {}; readers are refused until a new one is loaded", model_.name, why);
  context_.bookkeeper.remove_generation(model_.name, number);
  live_.reset();
  unopened_ = false;
  counted_ = false;
  // A load that runs takes every batch, too, and becomes the live generation.
  if (next_) return;
  half_sent_ = false;
  oldest_undurable_.reset();
  load_wanted_ = true;
  load_cause_ = why;
}

void ModelWorker::give_birth(SnapshotSession& session) {
  if (session.snapshot().xmin() < fence_) {
    const auto who = context_.bookkeeper.oldest_transactions();
    report_.reason = "waits for transactions that began before the model was defined" +
                     (who.empty() ? std::string() : ": " + who);
    return;
  }
  report_.reason.clear();
  if (shape_unchecked_) documents_.check_shape(session);
  shape_unchecked_ = false;
  const int number = load_->number();
  Generation born{number, session.snapshot(), store_->incarnation(number), true};
  born.tables = documents_.tables(session);
  const auto exported = session.export_snapshot();
  const auto version = context_.next_version();
  context_.bookkeeper.add_generation(model_,
                                     {number, store_->collection(number), report_.revision,
                                      session.snapshot_text(), version, false, false, store_->shards(model_), born.tables},
                                     columns_json(model_.columns));
  next_ = born;
  load_->begin(exported, version, session.before(), interrupt_);
}

void ModelWorker::switch_over(std::int64_t expected) {
  const int number = next_->number;
  const bool frozen = !next_->follows;
  const Lsn position = frozen ? next_->position : batch_position_;
  const auto version = context_.next_version();
  store_->commit(number, version);
  store_->open_searcher(number, Searcher::kDurable, position, frozen ? next_->snapshot : batch_snapshot_);
  if (store_->incarnation(number) != next_->incarnation) {
    discard_load("a Solr node restarted during the load");
    return;
  }
  const auto count = store_->count(number);
  const auto refused = static_cast<std::int64_t>(letters_.count(store_->collection(number)));
  // What was frozen was counted by nobody at the time.
  const bool counted = frozen || count.live == expected - refused;
  if (!counted || count.all != count.unique_ids) {
    // TRUNCATE and rewrites are not bound to snapshots: one that came after ours was counted too,
    // and the next batch brings it. What is still wrong then is wrong.
    if (!std::exchange(mismatched_, true)) return;
    throw Error(Remedy::kStop,
                "generation " + std::to_string(number) + " of model " + model_.name + " holds " +
                    std::to_string(count.live) + " documents, its query has " +
                    std::to_string(expected) + " rows on the same snapshot, of which Solr refused " +
                    std::to_string(refused),
                reload_statement(model_.name));
  }
  context_.bookkeeper.mark_durable(store_->collection(number), version);
  context_.bookkeeper.mark_loaded(model_.name, number);
  store_->make_live(number);
  context_.bookkeeper.set_live(model_.name, number);
  if (live_) letters_.forget(store_->collection(live_->number));
  letters_.remove_replaced();
  live_ = std::move(next_);
  next_.reset();
  load_.reset();
  load_wanted_ = frozen;
  if (frozen) context_.bookkeeper.mark_stale(model_.name);
  load_awaited_ddl_ = false;
  load_failure_.clear();
  load_backoff_.reset();
  mismatched_ = false;
  const LogField generation("generation", number);
  const LogField documents("documents", count.live);
  spdlog::info("model {}: generation {} is live with {} documents", model_.name, number, count.live);
  oldest_undurable_.reset();
  unopened_ = false;
  shown_position_ = position;
  opened_at_ = Clock::now();
  report_.documents = count.live;
  counted_ = true;
  set_visible(position);
  report_.durable = position;
  report(true);
  store_->drop_others(number);
}

}  // namespace daas
