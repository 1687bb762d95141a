#include "pipeline/index_run.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/log_field.hpp"
#include "pipeline/metadata.hpp"
#include "solr/admin.hpp"
#include "solr/configset_check.hpp"

namespace daas {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kAliveInterval{5};
constexpr std::chrono::seconds kReportInterval{1};
constexpr milliseconds kTailPatience{2};  ///< before a heartbeat flushes the WAL

}  // namespace

IndexRun::IndexRun(const IndexOptions& options, const Interrupt& interrupt, IndexMetrics& metrics,
                   std::function<void(const std::string&)> waiting)
    : options_(options),
      interrupt_(interrupt),
      metrics_(metrics),
      waiting_(std::move(waiting)),
      bookkeeper_(options.pg, interrupt),
      slot_feed_(options.queue_bytes),
      outbox_feed_(options.queue_bytes),
      readers_(options.pg_reader, options.reader_connections),
      loads_(static_cast<std::ptrdiff_t>(options.loads)) {
  board_.on_urgent = [this] { doorbell_.ring(); };
  slot_feed_.hurry = [this] { bookkeeper_.heartbeat(); };
  slot_feed_.patience = kTailPatience;
}

IndexRun::~IndexRun() {
  // The order matters. The capture first: when the models leave the log, what they hold leaves with
  // them, and a position confirmed after that would give up commits that no collection has. Nobody
  // may use the log after it is gone.
  metrics_.set_epoch(0);
  watch_.reset();
  threads_.raise();
  slot_capture_.reset();
  outbox_capture_.reset();
  slot_feed_.log.close();
  outbox_feed_.log.close();
  for (auto& [name, worker] : workers_) worker->end();
  workers_.clear();
  janitor_.reset();
}

void IndexRun::fail(std::exception_ptr error) {
  {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = error;
  }
  doorbell_.ring();
}

void IndexRun::run() {
  waiting_("connects to PostgreSQL");
  identity_ = bookkeeper_.identify(options_.extension_version);
  slot_ = options_.slot.empty() ? default_slot(std::to_string(identity_.database)) : options_.slot;
  context_ = std::make_unique<IndexContext>(options_, bookkeeper_, slot_feed_, outbox_feed_, readers_, loads_,
                                            board_, metrics_);
  context_->name_space = options_.name_space.empty() ? default_namespace(identity_.database_name)
                                                     : options_.name_space;
  context_->owner = identity_.owner();
  context_->fail = [this](std::exception_ptr error) { fail(error); };
  prepare_solr();
  open_sources();
  take_namespace();
  if (outbox_source_) outbox_source_->set_epoch(context_->epoch);
  const LogField epoch("epoch", context_->epoch);
  spdlog::info("epoch {} of database {}: {}, Solr namespace {}", context_->epoch, identity_.database_name,
               slot_source_ ? "slot " + slot_ + (outbox_source_ ? " and outbox" : "") : "outbox only", context_->name_space);
  definitions_ = std::make_unique<Connection>(options_.pg, "daas-indexer definitions",
                                              Session::kPlain, &interrupt_);
  definitions_->run("LISTEN daas");
  definitions_->run("LISTEN daas_wanted");
  janitor_ = std::make_unique<Janitor>(*context_, [this] {
    cleaned_ = true;
    doorbell_.ring();
  });
  // Every model that goes on subscribes before the first message is read.
  follow_definitions();
  start_captures();
  metrics_.set_epoch(context_->epoch);
  waiting_("");
  coordinate();
}

void IndexRun::prepare_solr() {
  waiting_("waits for Solr");
  SolrAdmin admin(options_.solr, &interrupt_.flag());
  const auto observer = [this](const std::string& what) { waiting_("waits for Solr: " + what); };
  admin.wait_ready({}, Clock::now() + std::chrono::seconds(60), observer);
  // Of others than the live generations nobody needs anything, and one whose making was cut short by a
  // crash of Solr never gets ready: its model throws it away.
  std::vector<std::string> ours;
  for (const auto& [alias, collection] : admin.aliases()) {
    if (alias.starts_with(context_->name_space + ".")) ours.push_back(collection);
  }
  admin.wait_ready(ours, Clock::now() + std::chrono::seconds(120), observer);
  check_claim(admin, *context_, bookkeeper_.standing(), interrupt_, silent_claim_);
  context_->configset = admin.ensure_configset(context_->name_space);
  if (!options_.adopt) return;
  HttpConnection files(options_.solr, &interrupt_.flag());
  if (const auto changed = changed_file(files, context_->configset); !changed.empty()) {
    const auto words = "--adopt undid the change of " + changed + " in the configset " +
                       context_->configset;
    spdlog::warn("every model is loaded anew: {}", words);
    bookkeeper_.mark_all_stale();
    context_->missed = words;
    restore_configset(files, context_->configset, ours);
  }
}

void IndexRun::take_namespace() {
  SolrAdmin admin(options_.solr, &interrupt_.flag());
  auto ours = bookkeeper_.standing();
  // Once more: whoever stood by before knows an old claim, and an old epoch.
  const auto succession = check_claim(admin, *context_, ours, interrupt_, silent_claim_);
  if (!succession.missed.empty()) {
    context_->missed = succession.missed;
    spdlog::warn("every model is loaded anew: {}", succession.missed);
    bookkeeper_.mark_all_stale();
  }
  context_->epoch = bookkeeper_.begin_epoch(context_->name_space, slot_source_ ? slot_ : "", succession);
  ours = bookkeeper_.standing();
  watch_ = std::make_unique<SolrWatch>(*context_, ours, interrupt_, [this] { doorbell_.ring(); });
}

void IndexRun::coordinate() {
  auto alive_at = Clock::now();
  auto reported_at = alive_at;
  write_reports(true);
  while (true) {
    interrupt_.check();
    {
      const std::lock_guard lock(mutex_);
      if (error_) std::rethrow_exception(error_);
    }
    bool notified = false;
    for (const auto& notice : definitions_->notifications(milliseconds(1000), doorbell_.fd())) {
      if (notice.channel == "daas_wanted") {
        want(notice.payload);
      } else {
        notified = true;
      }
    }
    doorbell_.answer();
    if (const auto seen = watch_->take()) {
      for (const auto& [name, worker] : workers_) worker->compare(*seen);
      std::vector<std::string> collections;
      for (const auto& [name, cores] : seen->collections) collections.push_back(name);
      janitor_->see(collections);
    }
    const auto now = Clock::now();
    for (const auto* const feed : {&slot_feed_, &outbox_feed_}) {
      if (const auto name = feed->log.laggard(now, options_.patience)) leave_behind(*name);
    }
    const bool alive = now - alive_at >= kAliveInterval;
    try {
      // The poll heals a lost notification.
      const bool cleaned = cleaned_.exchange(false);
      if (notified || alive || cleaned || board_.urgent()) {
        follow_definitions();
        start_captures();
      }
      if (alive || board_.urgent() || now - reported_at >= kReportInterval) {
        write_reports(alive);
        observe(alive);
        reported_at = now;
        if (alive) alive_at = now;
      }
    } catch (const Error& error) {
      if (error.remedy() != Remedy::kAgain) throw;
      spdlog::warn("{}; trying again", error.log_text());
    }
  }
}

void IndexRun::want(const std::string& wish) {
  // Anybody may notify, so that nothing in it is trusted.
  const auto space = wish.find(' ');
  const auto worker = workers_.find(wish.substr(0, space));
  if (space == std::string::npos || worker == workers_.end()) return;
  if (const auto position = parse_lsn(std::string_view(wish).substr(space + 1))) {
    worker->second->want(*position);
  }
}

void IndexRun::leave_behind(const std::string& name) {
  const auto worker = workers_.find(name);
  if (worker == workers_.end()) return;
  ModelReport report;
  report.state = ModelState::kStopped;
  report.reason = "took no changes for " + std::to_string(options_.patience.count() / 1000) +
                  " s while the queue was full and other models waited";
  report.hint = reload_statement(name);
  report.revision = worker->second->revision();
  const LogField field("model", name);
  spdlog::error("model {} stopped: it {}", name, report.reason);
  // First the word, then the slot, as in ModelWorker::stop_model().
  bookkeeper_.report_stopped(name, report);
  idle_[name] = report.revision;
  workers_.erase(worker);
  board_.remove(name);
}

void IndexRun::write_reports(bool alive) {
  const auto reports = board_.take_changed();
  if (!alive && reports.empty()) return;
  try {
    bookkeeper_.report(reports, alive);
  } catch (...) {
    board_.put_back(reports);
    throw;
  }
}

void IndexRun::observe(bool alive) {
  metrics_.sample();
  metrics_.set_queue_bytes(slot_feed_.log.bytes() + outbox_feed_.log.bytes());
  for (const auto* const feed : {&slot_feed_, &outbox_feed_}) {
    for (const auto& backlog : feed->log.backlog()) {
      auto& model = metrics_.model(backlog.name);
      model.queued = backlog.commits;
      model.oldest_queued = backlog.oldest_us;
    }
  }
  if (alive) metrics_.set_wal(bookkeeper_.wal(slot_));
}

void IndexRun::follow_definitions() {
  auto models = read_models(*definitions_);
  const bool told = told_of_ddl(*definitions_);
  if (context_->told_of_ddl.exchange(told) && !told) {
    spdlog::warn("no event triggers of daas tell of DDL: the tables are looked at with each batch instead");
  }
  std::vector<std::string> names;
  for (const auto& model : models) names.push_back(model.name);
  const auto gone = [&](const std::string& name) {
    return std::find(names.begin(), names.end(), name) == names.end();
  };
  for (const auto& name : swept_) {
    if (!gone(name)) continue;
    workers_.erase(name);
    metrics_.forget(name);
  }
  std::erase_if(idle_, [&](const auto& entry) { return gone(entry.first); });
  if (names != swept_ || janitor_->unfinished()) janitor_->sweep(names);
  swept_ = std::move(names);
  for (auto& model : models) {
    const auto running = workers_.find(model.name);
    if (running != workers_.end()) {
      auto& worker = *running->second;
      const bool goes_on = !worker.ended() && !model.paused;
      if (goes_on && worker.revision() == model.revision) continue;
      if (goes_on && worker.model().defined == model.defined) {
        worker.reload(model.revision);
        continue;
      }
      workers_.erase(running);
    }
    begin_model(std::move(model));
  }
  for (const auto& name : bookkeeper_.models_to_retry()) {
    if (const auto worker = workers_.find(name); worker != workers_.end()) {
      worker->second->retry_letters();
    }
  }
}

void IndexRun::begin_model(Model model) {
  if (const auto rest = idle_.find(model.name);
      rest != idle_.end() && rest->second == model.revision) {
    return;
  }
  if (janitor_->busy_with(model.name)) return;
  idle_.erase(model.name);
  if (model.paused) {
    ModelReport report;
    report.state = ModelState::kPaused;
    report.reason = "paused";
    report.hint = "SELECT daas.resume_model('" + model.name + "')";
    report.revision = model.revision;
    board_.set(model.name, report, true);
    idle_[model.name] = model.revision;
    return;
  }
  // A model that stopped has let go of the slot: only a new definition or a reload heals it.
  const auto last = bookkeeper_.progress(model.name);
  if (last && last->state == ModelState::kStopped && last->revision == model.revision) {
    idle_[model.name] = model.revision;
    return;
  }
  const auto name = model.name;
  if (!(model.by_outbox ? open_outbox_late(model) : open_slot_late(model))) return;
  // Until the capture starts, nobody has missed anything.
  const bool replayed = !(model.by_outbox ? outbox_capture_ : slot_capture_);
  auto worker = std::make_unique<ModelWorker>(*context_, std::move(model), replayed);
  worker->start();
  workers_.emplace(name, std::move(worker));
}

}  // namespace daas
