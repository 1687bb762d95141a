#include "pipeline/model_worker.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>
#include <utility>

namespace daas {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kIdleBoundary{5000};    ///< moves the visible position of an idle model
constexpr milliseconds kSettledBoundary{300};  ///< the first idle one after a batch
constexpr milliseconds kBirthRetry{100};       ///< while old transactions hold up a birth
constexpr milliseconds kSearcherInterval{250}; ///< under continuous load
constexpr milliseconds kLoadProgress{500};     ///< between reports of a running load
constexpr milliseconds kTailPatience{2};       ///< before a heartbeat flushes the WAL

std::unordered_set<std::uint32_t> tables_of(const Model& model) {
  std::unordered_set<std::uint32_t> tables;
  for (const auto& source : model.sources) tables.insert(source.relation_oid);
  return tables;
}

std::size_t changes_of(const Commit& commit) {
  return std::max<std::size_t>(1, commit.changes.size());
}

std::string columns_json(const Model& model) {
  auto list = nlohmann::json::array();
  for (const auto& column : model.columns) {
    list.push_back({{"name", column.name},
                    {"type", column.pg_type},
                    {"wrapped", column.type == ValueType::kWrapped},
                    {"source", column.source.empty() ? nlohmann::json() : nlohmann::json(column.source)}});
  }
  return list.dump();
}

}  // namespace

ModelWorker::ModelWorker(IndexContext& context, Model model)
    : context_(context),
      model_(std::move(model)),
      subscription_(context.log.subscribe(tables_of(model_))),
      documents_(model_),
      rule_(context.options.batch) {
  report_.revision = model_.revision;
}

ModelWorker::~ModelWorker() {
  interrupt_.raise();
  if (subscription_) subscription_->wake();
  if (thread_.joinable()) thread_.join();
}

void ModelWorker::start() {
  thread_ = std::thread([this] { run(); });
}

void ModelWorker::run() {
  try {
    work();
  } catch (const Interrupted&) {
  } catch (const Error& error) {
    if (interrupt_.raised()) return;
    if (error.remedy() == Remedy::kRetry) {
      spdlog::warn("model {}: {}", model_.name, error.what());
      context_.fail(std::current_exception());
      return;
    }
    try {
      stop_model(error);
    } catch (const Error& unreported) {
      // Not written down: the slot must still be held, so the whole run ends and begins anew.
      context_.fail(std::current_exception());
    }
  } catch (...) {
    context_.fail(std::current_exception());
  }
}

void ModelWorker::work() {
  const RetryObserver observer = [this](const std::string& what) {
    const std::lock_guard lock(retrying_mutex_);
    if (what.empty() != retrying_.empty()) {
      if (what.empty()) {
        spdlog::info("model {}: Solr answers again", model_.name);
      } else {
        spdlog::warn("model {}: {}; trying again", model_.name, what);
      }
    }
    retrying_ = what;
  };
  store_.emplace(context_, model_.name, interrupt_, observer);
  lanes_.emplace(context_.options.solr, context_.options.lanes, interrupt_, observer);
  settle();
  rule_.flush();
  while (true) {
    interrupt_.check();
    subscription_->wait_commit(next_deadline(Clock::now()));
    interrupt_.check();
    absorb();
    if (load_ && load_->phase() == Loader::Phase::kFailed) std::rethrow_exception(load_->error());
    if (boundary_due(Clock::now())) boundary();
    if (unopened_ && Clock::now() - opened_at_ >= kSearcherInterval) open_searcher();
    if (oldest_undurable_ && Clock::now() - durable_at_ >= context_.options.durable_interval) {
      make_durable();
    }
    report(false);
  }
}

void ModelWorker::settle() {
  const auto live = store_->live();
  const auto records = context_.bookkeeper.generations(model_.name);
  if (live) {
    live_.emplace();
    live_->number = *live;
    live_->follows = false;
    for (const auto& record : records) {
      if (record.number != *live) continue;
      live_->birth = Snapshot::parse(record.snapshot);
      live_->follows = record.revision == model_.revision;
      // A switch whose report was cut short.
      if (!record.live) context_.bookkeeper.set_live(model_.name, *live);
    }
  }
  store_->drop_others(live.value_or(0));
  for (const auto& record : records) {
    if (record.number != live) context_.bookkeeper.remove_generation(model_.name, record.number);
  }
  // After the subscription: whatever was decoded before it belongs to a transaction below the fence.
  fence_ = context_.bookkeeper.next_xid();
  if (live_ && live_->follows) {
    live_->incarnation = store_->incarnation(live_->number);
    spdlog::info("model {}: generation {} goes on", model_.name, live_->number);
  } else {
    load_cause_ = live_ ? "the definition changed" : "first load";
    start_load();
  }
  report(true);
}

void ModelWorker::start_load() {
  int number = store_->last_number();
  for (const auto& record : context_.bookkeeper.generations(model_.name)) {
    number = std::max(number, record.number);
  }
  auto* const subscription = subscription_.get();
  const RetryObserver observer = [name = model_.name](const std::string& what) {
    if (!what.empty()) spdlog::warn("model {}, load: {}; trying again", name, what);
  };
  spdlog::info("model {}: generation {} will be loaded ({})", model_.name, number + 1, load_cause_);
  load_ = std::make_unique<Loader>(context_, model_, number + 1, observer,
                                   [subscription] { subscription->wake(); });
}

void ModelWorker::discard_load(const std::string& why) {
  if (!load_) return;
  const int number = load_->number();
  spdlog::info("model {}: generation {} is thrown away ({})", model_.name, number, why);
  load_.reset();
  next_.reset();
  store_->drop_others(live_ ? live_->number : 0);
  context_.bookkeeper.remove_generation(model_.name, number);
  load_cause_ = why;
  start_load();
}

std::optional<ModelWorker::TimePoint> ModelWorker::next_deadline(TimePoint now) const {
  auto deadline = boundary_at_ + idle_boundary();
  if (const auto aged = rule_.deadline()) deadline = std::min(deadline, *aged);
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
  return rule_.due(now) ? now : deadline;
}

milliseconds ModelWorker::idle_boundary() const {
  return settled_ ? kIdleBoundary : kSettledBoundary;
}

bool ModelWorker::boundary_due(TimePoint now) const {
  if (rule_.due(now) || now - boundary_at_ >= idle_boundary()) return true;
  if (!load_) return false;
  return load_->phase() == Loader::Phase::kDone ||
         (load_->phase() == Loader::Phase::kReady && now - boundary_at_ >= kBirthRetry);
}

void ModelWorker::absorb() {
  for (auto& commit : subscription_->take()) {
    rule_.add(changes_of(*commit), commit->bytes, Clock::now());
    pending_.push_back(std::move(commit));
  }
}

bool ModelWorker::drain(Lsn horizon) {
  bool flushed = false;
  while (true) {
    absorb();
    switch (subscription_->wait_decoded(horizon, flushed ? milliseconds(500) : kTailPatience)) {
      case Progress::kReached:
        absorb();
        return true;
      case Progress::kFull:
        absorb();
        return false;
      case Progress::kClosed:
        throw Interrupted();
      default:
        break;
    }
    interrupt_.check();
    if (!std::exchange(flushed, true)) context_.bookkeeper.heartbeat();
  }
}

void ModelWorker::boundary() {
  SnapshotSession session(context_.readers, interrupt_);
  // A backlog larger than the queue goes in chunks: each is a batch of its own, and no searcher
  // opens before the last one (design §6, P5).
  while (!drain(session.after())) {
    take_batch(session);
    lanes_->finish();
    if (oldest_undurable_) make_durable();
    release();
    // Another model may be the one that fills the queue.
    subscription_->wait_commit(Clock::now() + milliseconds(20));
  }
  take_batch(session);
  const bool loaded = load_ && load_->phase() == Loader::Phase::kDone && next_;
  const auto expected = loaded ? session.count(model_.load_query) : 0;
  if (load_ && load_->phase() == Loader::Phase::kReady) give_birth(session);
  session.finish();
  lanes_->finish();

  boundary_at_ = Clock::now();
  settled_ = sent_to_.empty();
  batch_position_ = session.before();
  report_.captured = context_.log.decoded();
  rule_.taken(pending_.size(), Clock::now());
  if (loaded && next_) switch_over(expected, session.before());
  if (!unopened_) {
    if (live_ && live_->follows) report_.visible = batch_position_;
  } else {
    absorb();
    if (!rule_.due(Clock::now()) || Clock::now() - opened_at_ >= kSearcherInterval) open_searcher();
  }
  if (!oldest_undurable_) release();
}

void ModelWorker::take_batch(SnapshotSession& session) {
  std::vector<SharedCommit> members;
  std::deque<SharedCommit> rest;
  for (auto& commit : pending_) {
    if (!session.snapshot().sees(commit->xid)) {
      rest.push_back(std::move(commit));
    } else if (!live_ || !live_->birth.sees(commit->xid)) {
      members.push_back(std::move(commit));
    }
  }
  pending_ = std::move(rest);
  sent_to_.clear();
  if (members.empty()) {
    lanes_->begin({});
    return;
  }
  apply_findings(documents_.read(members), session);
  std::vector<std::string> collections;
  if (live_ && live_->follows) sent_to_.push_back(live_->number);
  if (next_) sent_to_.push_back(next_->number);
  for (const auto number : sent_to_) collections.push_back(store_->collection(number));
  lanes_->begin(std::move(collections));
  if (sent_to_.empty() || documents_.keys() == 0) return;
  if (!oldest_undurable_) durable_at_ = Clock::now();
  oldest_undurable_ = std::min(oldest_undurable_.value_or(members.front()->lsn),
                               members.front()->lsn);
  unopened_ |= live_ && live_->follows;
  documents_.write(session, *lanes_, context_.next_version());
}

void ModelWorker::apply_findings(const BatchDocuments::Findings& findings,
                                 SnapshotSession& session) {
  if (findings.check_shape) documents_.check_shape(session);
  if (!findings.reload) return;
  // The live generation shows its last whole batch until the new one replaces it.
  if (live_ && live_->follows) {
    live_->follows = false;
    unopened_ = false;
    context_.bookkeeper.mark_stale(model_.name);
  }
  load_cause_ = findings.reload_cause;
  if (next_) {
    discard_load(findings.reload_cause);
  } else if (!load_) {
    start_load();
  }
}

void ModelWorker::give_birth(SnapshotSession& session) {
  if (session.snapshot().xmin() < fence_) {
    const auto who = context_.bookkeeper.oldest_transactions();
    report_.reason = "waits for transactions that began before the model was defined" +
                     (who.empty() ? std::string() : ": " + who);
    return;
  }
  report_.reason.clear();
  const int number = load_->number();
  next_ = Generation{number, session.snapshot(), store_->incarnation(number), true};
  const auto version = context_.next_version();
  context_.bookkeeper.add_generation(model_,
                                     {number, store_->collection(number), model_.revision,
                                      session.snapshot_text(), version, false},
                                     columns_json(model_));
  load_->begin(session.export_snapshot(), version);
}

void ModelWorker::switch_over(std::int64_t expected, Lsn position) {
  const int number = next_->number;
  store_->commit(number, CommitKind::kDurableVisible);
  if (store_->incarnation(number) != next_->incarnation) {
    discard_load("a Solr node restarted during the load");
    return;
  }
  const auto count = store_->count(number);
  if (count.live != expected || count.all != count.unique_ids) {
    throw Error(Remedy::kStop,
                "generation " + std::to_string(number) + " of model " + model_.name + " holds " +
                    std::to_string(count.live) + " documents, its query has " +
                    std::to_string(expected) + " rows on the same snapshot",
                "SELECT daas.reload_model('" + model_.name + "')");
  }
  store_->make_live(number);
  context_.bookkeeper.set_live(model_.name, number);
  live_ = std::move(next_);
  next_.reset();
  load_.reset();
  spdlog::info("model {}: generation {} is live with {} documents", model_.name, number, count.live);
  oldest_undurable_.reset();
  unopened_ = false;
  opened_at_ = Clock::now();
  report_.documents = count.live;
  report_.visible = position;
  report_.durable = position;
  report(true);
  store_->drop_others(number);
}

void ModelWorker::open_searcher() {
  store_->commit(live_->number, CommitKind::kVisible);
  opened_at_ = Clock::now();
  unopened_ = false;
  report_.visible = batch_position_;
}

void ModelWorker::make_durable() {
  if (next_) {
    store_->commit(next_->number, CommitKind::kDurable);
    if (store_->incarnation(next_->number) != next_->incarnation) {
      discard_load("a Solr node restarted during the load");
    }
  }
  if (live_ && live_->follows) {
    store_->commit(live_->number, CommitKind::kDurable);
    if (store_->incarnation(live_->number) != live_->incarnation) {
      throw Error(Remedy::kRetry, "a Solr node that holds " + store_->collection(live_->number) +
                                      " restarted: what it accepted since its last hard commit is "
                                      "sent again");
    }
    report_.durable = batch_position_;
  }
  oldest_undurable_.reset();
  durable_at_ = Clock::now();
  release();
}

void ModelWorker::release() {
  Lsn held = oldest_undurable_.value_or(CommitLog::Subscription::kNothingHeld);
  if (!pending_.empty()) held = std::min(held, pending_.front()->lsn);
  subscription_->hold(held);
}

void ModelWorker::report(bool at_once) {
  auto report = report_;
  report.loaded = load_ && next_ ? load_->documents() : -1;
  if (!live_) {
    report.state = next_ ? ModelState::kLoading : ModelState::kWaiting;
  } else {
    report.state = ModelState::kRunning;
    if (load_) {
      report.reason = "generation " + std::to_string(load_->number()) + " is being loaded (" +
                      load_cause_ + "); readers see generation " + std::to_string(live_->number) +
                      (report.reason.empty() ? "" : "; " + report.reason);
    }
  }
  {
    const std::lock_guard lock(retrying_mutex_);
    if (!retrying_.empty()) report.reason = "trying again: " + retrying_;
  }
  at_once |= report.state != reported_.state || report.reason != reported_.reason;
  if (!at_once && report == reported_) return;
  reported_ = report;
  context_.board.set(model_.name, report, at_once);
}

void ModelWorker::stop_model(const Error& error) {
  const auto& name = model_.name;
  const auto hint = error.hint().empty()
                        ? "mend the cause, then SELECT daas.reload_model('" + name +
                              "'), or daas.alter_model if the query must change"
                        : error.hint();
  spdlog::error("model {} stopped: {} HINT: {}", name, error.what(), hint);
  report_.state = ModelState::kStopped;
  report_.reason = error.what();
  report_.hint = hint;
  report_.loaded = -1;
  // First the word, then the slot: a daemon that starts again must know that the model is stale.
  context_.board.remove(model_.name);
  context_.bookkeeper.report({{model_.name, report_}}, false);
  load_.reset();
  pending_.clear();
  subscription_->leave();
}

}  // namespace daas
