#include "pipeline/model_worker.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "core/log_field.hpp"
#include "pipeline/collection_gone.hpp"

namespace daas {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kIdleBoundary{5000};    ///< moves the visible position of an idle model
constexpr milliseconds kSettledBoundary{300};  ///< the first idle one after a batch
constexpr milliseconds kBirthRetry{100};       ///< while old transactions hold up a birth
constexpr milliseconds kCountInterval{2000};   ///< between counts of what is served
constexpr milliseconds kLoadProgress{500};     ///< between reports of a running load
constexpr std::size_t kManyDocuments = 10000;  ///< of a batch: the status tells how far it is
constexpr milliseconds kFirstBackoff{100};
constexpr milliseconds kLongestBackoff{5000};
constexpr milliseconds kFirstLoadBackoff{1000};
constexpr milliseconds kLongestLoadBackoff{60000};  ///< a load that fails late did much for nothing

constexpr const char* kFirstLoad = "first load";

std::unordered_set<std::uint32_t> tables_of(const Model& model) {
  std::unordered_set<std::uint32_t> tables;
  for (const auto& source : model.sources) tables.insert(source.relation_oid);
  return tables;
}

}  // namespace

ModelWorker::ModelWorker(IndexContext& context, Model model, bool replayed)
    : context_(context),
      model_(std::move(model)),
      feed_(context.feed(model_)),
      metrics_(context.metrics.model(model_.name)),
      replayed_(replayed),
      revision_(model_.revision),
      subscription_(feed_.log.subscribe(model_.name, tables_of(model_))),
      letters_(context.bookkeeper, model_, metrics_),
      documents_(model_, context.options.plugin),
      rule_(context.options.batch),
      load_backoff_(kFirstLoadBackoff, kLongestLoadBackoff),
      backoff_(kFirstBackoff, kLongestBackoff) {
  report_.revision = model_.revision;
}

void ModelWorker::end() {
  interrupt_.raise();
  subscription_->wake();
}

ModelWorker::~ModelWorker() {
  end();
  if (thread_.joinable()) thread_.join();
}

void ModelWorker::start() {
  thread_ = std::thread([this] {
    run();
    ended_ = true;
  });
}

void ModelWorker::reload(std::int64_t revision) {
  revision_ = revision;
  reload_asked_ = true;
  subscription_->wake();
}

void ModelWorker::retry_letters() {
  retry_asked_ = true;
  subscription_->wake();
}

void ModelWorker::want(Lsn position) {
  auto wanted = wanted_.load();
  while (wanted < position && !wanted_.compare_exchange_weak(wanted, position)) {
  }
  subscription_->wake();
}

bool ModelWorker::is_awaited() const {
  return live_ && live_->follows && wanted_ > 0 && wanted_ >= shown_position_;
}

void ModelWorker::compare(const SolrSighting& seen) {
  const auto alias = context_.name_space + "." + model_.name;
  const auto collection = [&](int number) { return alias + ".g" + std::to_string(number); };
  const auto missing = [&](int number) {
    return number != 0 && !seen.collections.contains(collection(number));
  };
  const int live = shown_live_;
  const auto found = seen.aliases.find(alias);
  const bool redirected =
      live != 0 && (found == seen.aliases.end() || found->second != collection(live));
  // Other cores, or another leader: one whose disk was lost comes back empty, and nobody says so.
  const auto there = seen.collections.find(collection(live));
  const bool other_cores = there != seen.collections.end() && there->second != seen_cores_ &&
                           !std::exchange(seen_cores_, there->second).empty();
  if (!redirected && !missing(live) && !missing(shown_next_) && !other_cores) return;
  inspection_asked_ = true;
  subscription_->wake();
}

void ModelWorker::run() {
  const LogField epoch("epoch", context_.epoch);
  const LogField model("model", model_.name);
  try {
    work();
  } catch (const Interrupted&) {
  } catch (const Error& error) {
    if (interrupt_.raised()) return;
    if (error.remedy() == Remedy::kStop) {
      stop_model(error);
    } else {
      spdlog::warn("model {}: {}", model_.name, error.log_text());
      context_.fail(std::current_exception());
    }
  } catch (const std::bad_alloc&) {
    context_.fail(std::current_exception());
  } catch (const std::exception& error) {
    // A fault of ours that the same changes would bring about again: one model stops, not all.
    Error internal(Remedy::kStop, std::string("internal error: ") + error.what());
    internal.set_log_text("internal error: " + log_text(error));
    stop_model(internal);
  }
}

void ModelWorker::work() {
  connect();
  bool at_rest = false;
  while (true) {
    interrupt_.check();
    if (at_rest &&
        subscription_->wait_commit(next_deadline(Clock::now())) == Progress::kClosed) {
      return;
    }
    try {
      if (!fence_) settle();
      step();
      at_rest = true;
    } catch (const Interrupted&) {
      throw;
    } catch (const Error& error) {
      if (!may_pass(error.remedy()) && !awaits_ddl(error, batch_awaited_ddl_)) throw;
      if (dynamic_cast<const CollectionGone*>(&error) != nullptr) inspection_asked_ = true;
      put_off(error);
      at_rest = false;
    }
  }
}

void ModelWorker::connect() {
  // Called while this thread or a lane waits, so it reports by itself.
  const RetryObserver observer = [this](const std::string& what) {
    if (!what.empty()) metrics_.solr_retries.Increment();
    const std::lock_guard lock(reported_mutex_);
    if (what.empty() == retrying_.empty()) return;
    retrying_ = what;
    // A Solr that is away is not this model's fault: it waits as long as it takes.
    subscription_->excuse(!what.empty());
    const LogField field("model", model_.name);  // a lane's thread has none
    if (what.empty()) {
      spdlog::info("model {}: Solr answers again", model_.name);
    } else {
      spdlog::warn("model {}: {}; trying again", model_.name, what);
      reported_.reason = "trying again: " + what;
      context_.board.set(model_.name, reported_, true);
    }
  };
  store_.emplace(context_, model_.name, interrupt_, observer);
  lanes_.emplace(context_.options.solr, context_.options.lanes, interrupt_, observer);
  lanes_->on_acknowledged = [this] { subscription_->progress(); };
  lanes_->on_added = [this](std::string_view id) { letters_.touch(id); };
  lanes_->on_refused = [this](const std::string& collection, std::vector<RefusedDocument> refused) {
    letters_.add(collection, std::move(refused), batch_began_);
  };
}

bool ModelWorker::awaits_ddl(const Error& error, bool& awaited) {
  const auto* const refused = dynamic_cast<const PgError*>(&error);
  // Columns, tables and functions that are missing, and rights.
  if (refused == nullptr || !refused->sqlstate().starts_with("42")) return false;
  if (std::exchange(awaited, true)) return false;
  rule_.flush();
  return true;
}

void ModelWorker::put_off(const Error& error) {
  give_back();
  const auto now = Clock::now();
  if (!failing_since_) {
    failing_since_ = now;
    backoff_.reset();
  }
  if (error.remedy() == Remedy::kAgain && now - *failing_since_ > context_.options.patience) {
    const auto for_long = ", again and again for " +
                          std::to_string(context_.options.patience.count() / 1000) + " s";
    Error last(Remedy::kStop, error.what() + for_long, error.hint());
    last.set_log_text(error.log_text() + for_long);
    throw last;
  }
  metrics_.postgresql_retries.Increment();
  spdlog::warn("model {}: {}; trying again", model_.name, error.log_text());
  report_.reason = std::string("trying again: ") + error.what();
  report(true);
  interrupt_.wait(backoff_.next());
}

void ModelWorker::settle() {
  const auto records = context_.bookkeeper.generations(model_.name);
  const auto live = store_->settle_live(records);
  live_.reset();
  unopened_ = false;
  bool current = false;
  if (live && store_->went_back(*live)) {
    live_.emplace().number = *live;
    lose_live(kWentBack);
  } else if (live) {
    store_->fence(*live);
    live_.emplace();
    live_->number = *live;
    live_->follows = false;
    for (const auto& record : records) {
      if (record.number != *live) continue;
      live_->birth = Snapshot::parse(record.snapshot);
      live_->tables = record.tables;
      live_->follows = replayed_ && record.revision >= model_.defined;
      current = live_->follows && record.revision == model_.revision;
      // A switch whose report was cut short.
      if (!record.live) context_.bookkeeper.set_live(model_.name, *live);
    }
    if (!live_->follows) context_.bookkeeper.mark_stale(model_.name);
    letters_.open(store_->collection(*live));
  }
  store_->drop_others(live.value_or(0));
  for (const auto& record : records) {
    if (record.number != live) context_.bookkeeper.remove_generation(model_.name, record.number);
  }
  if (live_ && live_->follows) {
    live_->incarnation = store_->incarnation(live_->number);
    // The last run may have ended between a hard commit and its searcher: what it confirmed is not
    // sent again, and without a new change nobody else would open one.
    unopened_ = true;
    // DDL may have come while nobody listened.
    SnapshotSession session(context_.readers, interrupt_);
    documents_.check_shape(session);
    session.finish();
    const LogField generation("generation", live_->number);
    spdlog::info("model {}: generation {} goes on", model_.name, live_->number);
  }
  if (!current && !load_wanted_) {
    load_wanted_ = true;
    load_cause_ = !live_                      ? kFirstLoad
                  : live_->follows           ? "reload"
                  : !context_.missed.empty() ? context_.missed
                                             : "the definition changed, or changes were missed";
  }
  rule_.flush();
  // Last, for it says that this is done. After the subscription: whatever was decoded before that
  // belongs to a transaction below the fence.
  fence_ = context_.bookkeeper.next_xid();
  report(true);
}

void ModelWorker::step() {
  absorb();
  if (inspection_asked_.exchange(false)) {
    try {
      inspect();
    } catch (...) {
      inspection_asked_ = true;  // what asked for it may not be seen again
      throw;
    }
  }
  if (reload_asked_.exchange(false)) {
    report_.revision = revision_;
    load_wanted_ = true;
    load_backoff_.reset();
    load_at_ = {};
    load_cause_ = "reload";
    discard_load("reload");
  }
  check_load();
  if (load_wanted_ && !load_ && Clock::now() >= load_at_) start_load();
  if (boundary_due(Clock::now())) boundary();
  if (unopened_ && !half_sent_ && Clock::now() - opened_at_ >= kSearcherInterval) open_searcher();
  if (oldest_undurable_ && !half_sent_ &&
      Clock::now() - durable_at_ >= context_.options.durable_interval) {
    make_durable();
  }
  if (!counted_ && live_ && !unopened_ && Clock::now() - counted_at_ >= kCountInterval) {
    count_documents();
  }
  observe();
  report(false);
}

void ModelWorker::count_documents() {
  report_.documents = store_->live_documents(live_->number);
  counted_ = true;
  counted_at_ = Clock::now();
}

void ModelWorker::set_visible(Lsn position) {
  report_.visible = position;
  oldest_unopened_ = 0;
  metrics_.visible = position;
  metrics_.visible_at = batch_time_;
  metrics_.shown_at = sent_last_.second;
  metrics_.shown = sent_last_.first;
}

void ModelWorker::observe() {
  metrics_.follows = live_ && live_->follows;
  metrics_.taken = pending_.size() + members_.size();
  const auto first_of = [](const auto& commits) {
    return commits.empty() ? 0 : commits.front()->time_us;
  };
  metrics_.oldest_taken = older(oldest_unopened_, older(first_of(pending_), first_of(members_)));
}

std::optional<ModelWorker::TimePoint> ModelWorker::next_deadline(TimePoint now) const {
  auto deadline = rule_.deadline().value_or(boundary_at_ + idle_boundary());
  if (unopened_) deadline = std::min(deadline, opened_at_ + kSearcherInterval);
  if (oldest_undurable_) {
    deadline = std::min(deadline, durable_at_ + context_.options.durable_interval);
  }
  if (load_ && load_->phase() == Loader::Phase::kReady) {
    deadline = std::min(deadline, boundary_at_ + kBirthRetry);
  }
  // Only to report how far it is.
  if (load_ && load_->phase() == Loader::Phase::kCopying) {
    deadline = std::min(deadline, now + kLoadProgress);
  }
  if (load_ && load_->phase() == Loader::Phase::kDone) deadline = now;
  if (!counted_ && live_ && !unopened_) deadline = std::min(deadline, counted_at_ + kCountInterval);
  if (load_wanted_ && !load_) deadline = std::min(deadline, load_at_);
  return rule_.due(now) || is_awaited() ? now : deadline;
}

milliseconds ModelWorker::idle_boundary() const {
  return settled_ ? kIdleBoundary : kSettledBoundary;
}

bool ModelWorker::boundary_due(TimePoint now) const {
  // What is pending waits for its rule: an idle boundary would take it, too.
  if (rule_.due(now) || retry_asked_ || is_awaited() || (!rule_.deadline() && now - boundary_at_ >= idle_boundary())) return true;
  if (!load_) return false;
  return load_->phase() == Loader::Phase::kDone ||
         (load_->phase() == Loader::Phase::kReady && now - boundary_at_ >= kBirthRetry);
}

void ModelWorker::report(bool at_once) {
  shown_live_ = live_ ? live_->number : 0;
  shown_next_ = next_ ? next_->number : 0;
  auto report = report_;
  report.loaded = load_ && next_ ? load_->documents() : -1;
  const auto add = [&report](const std::string& words) {
    if (!report.reason.empty() && !words.empty()) report.reason += "; ";
    report.reason += words;
  };
  add(load_failure_);
  if (!live_) {
    report.state = next_ ? ModelState::kLoading : ModelState::kWaiting;
    if (load_ && load_->phase() == Loader::Phase::kCreating && report.reason.empty()) {
      report.reason = "its collection is being made; at most " +
                      std::to_string(context_.options.loads) + " models are loaded at a time (--loads)";
    }
    if (load_cause_ != kFirstLoad) add(load_cause_ + "; readers are refused until a new one is loaded");
  } else {
    report.state = ModelState::kRunning;
    add(context_.notice.get());
    if (batch_written_ >= kManyDocuments) {
      add("a change of many documents is worked off: " + std::to_string(batch_written_) +
          " of them are written; readers see them as a whole");
    }
    if (load_) {
      add("generation " + std::to_string(load_->number()) + " is being loaded (" + load_cause_ +
          "); readers see generation " + std::to_string(live_->number));
    }
  }
  const std::lock_guard lock(reported_mutex_);
  at_once |= report.state != reported_.state || report.reason != reported_.reason;
  if (!at_once && report == reported_) return;
  reported_ = report;
  context_.board.set(model_.name, report, at_once);
}

void ModelWorker::stop_model(const Error& error) {
  const auto& name = model_.name;
  // PostgreSQL's own hint is for who wrote the query.
  const bool postgres = dynamic_cast<const PgError*>(&error) != nullptr;
  const auto hint = error.hint().empty() || postgres
                        ? "mend the cause, then " + reload_statement(name) +
                              ", or daas.alter_model if the query must change"
                        : error.hint();
  spdlog::error("model {} stopped: {} HINT: {}", name, error.log_text(), hint);
  report_.state = ModelState::kStopped;
  report_.reason = error.what();
  if (const auto& ddl = documents_.last_ddl(); postgres && !ddl.empty()) {
    report_.reason = ddl + ": " + report_.reason;
  }
  report_.hint = hint;
  report_.loaded = -1;
  // First the word, then the slot: a daemon that starts again must know that the model is stale.
  try {
    letters_.write();
    context_.board.remove(model_.name);
    context_.bookkeeper.report_stopped(model_.name, report_);
  } catch (const Error&) {
    // Not written down: the slot must still be held, so the whole run ends and begins anew.
    context_.fail(std::current_exception());
    return;
  }
  load_.reset();
  pending_.clear();
  subscription_->leave();
}

}  // namespace daas
