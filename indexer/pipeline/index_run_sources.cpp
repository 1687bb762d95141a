// Where a run's changes come from: a slot, the outbox, and who else reads them.
#include <spdlog/spdlog.h>

#include <chrono>
#include <utility>

#include "pipeline/index_run.hpp"

namespace daas {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds kStandbyPoll{1000};
/// Of the daemon that is stood by for; it gives a sign of life every few seconds.
constexpr std::chrono::seconds kSilence{12};

}  // namespace

void IndexRun::open_sources() {
  const auto wanted = bookkeeper_.captures();
  // Models by the outbox go on where nothing can be decoded; begin_model() tells the others why.
  const bool decodes = wanted.logical && !(wanted.outbox && decoding_obstacle());
  // Nobody would read it, and it would keep WAL until the disk is full.
  if (!wanted.logical && bookkeeper_.drop_idle_slot(slot_, options_.plugin)) {
    spdlog::info("no model is decoded any more: the replication slot {} is dropped", slot_);
  }
  if (decodes) {
    std::optional<PgoutputReader> pgoutput;
    auto stream = open_stream();
    if (options_.plugin == kPgoutput) pgoutput.emplace(bookkeeper_.next_xid());
    slot_source_ = std::make_shared<SlotSource>(std::move(stream), std::move(pgoutput));
  }
  if (!wanted.outbox) return;
  while (!open_outbox()) stand_by(bookkeeper_.outbox_reader(), "another daemon reads the outbox");
}

void IndexRun::stand_by(std::int64_t pid, const std::string& why) {
  waiting_("stands by: " + why);
  const auto now = Clock::now();
  if (Holder seen{pid, bookkeeper_.sign_of_life(), now}; seen.pid != holder_.pid || seen.sign != holder_.sign) {
    holder_ = std::move(seen);
  } else if (pid != 0 && now - holder_.since >= kSilence) {
    // Whatever it does when it wakes up belongs to an older epoch.
    spdlog::warn("the daemon of process {} has given no sign of life for {} s: its sessions are ended", pid, kSilence.count());
    bookkeeper_.end_silent(pid);
    holder_.since = now;
  }
  interrupt_.wait(kStandbyPoll);
}

std::optional<Error> IndexRun::decoding_obstacle() {
  try {
    bookkeeper_.check_capture(options_.plugin);
    return std::nullopt;
  } catch (const Error& error) {
    if (error.remedy() != Remedy::kRetry) throw;
    return error;
  }
}

bool IndexRun::open_slot_late(const Model& model) {
  if (slot_source_) return true;
  if (const auto obstacle = decoding_obstacle()) {
    report_waiting(model, obstacle->what(), obstacle->hint());
    return false;
  }
  throw Error(Remedy::kRestart, "model " + model.name + " is the first one that needs a replication slot");
}

bool IndexRun::open_outbox_late(const Model& model) {
  if (outbox_source_) return true;
  if (!open_outbox()) {
    report_waiting(model, "another daemon reads the outbox", {});
    return false;
  }
  outbox_source_->set_epoch(context_->epoch);
  return true;
}

void IndexRun::report_waiting(const Model& model, const std::string& why, const std::string& hint) {
  ModelReport report;
  report.reason = why;
  report.hint = hint;
  report.revision = model.revision;
  board_.set(model.name, report, false);
}

bool IndexRun::open_outbox() {
  auto source = std::make_shared<OutboxSource>(options_.pg, threads_);
  if (!source->take()) return false;
  outbox_feed_.hurry = [this, source] {
    bookkeeper_.heartbeat();
    source->hurry();
  };
  outbox_source_ = std::move(source);
  return true;
}

void IndexRun::start_captures() {
  const auto start = [this](const std::shared_ptr<ChangeSource>& source, Feed& feed, std::unique_ptr<Capture>& capture) {
    if (!source || capture) return;
    capture = std::make_unique<Capture>(source, feed.log, threads_, options_.spill,
                                        [this](std::exception_ptr error) { fail(error); });
  };
  start(slot_source_, slot_feed_, slot_capture_);
  start(outbox_source_, outbox_feed_, outbox_capture_);
}

std::unique_ptr<ReplicationStream> IndexRun::open_stream() {
  const auto role = bookkeeper_.check_capture(options_.plugin);
  // Before the slot: decoding of what is older than the publication would fail, for ever.
  if (options_.plugin == kPgoutput) bookkeeper_.check_publishes_all(options_.publication);
  auto stream = std::make_unique<ReplicationStream>(options_.pg_replication, interrupt_);
  while (true) {
    try {
      ensure_slot(*stream);
      stream->start(slot_, options_.plugin, options_.publication);
      return stream;
    } catch (const PgError& error) {
      // A name that no translation changes.
      const auto words = std::string(error.what()) + " " + error.hint();
      if (words.find("output_plugin_libraries") != std::string::npos) {
        throw Error(Remedy::kRetry, words,
                    "ALTER ROLE " + role +
                        " SET output_plugin_libraries = pgoutput, test_decoding, daas");
      }
      if (error.sqlstate() != "55006") throw;
      stand_by(bookkeeper_.slot_reader(slot_), error.what());
    }
    stream = std::make_unique<ReplicationStream>(options_.pg_replication, interrupt_);
  }
}

void IndexRun::ensure_slot(ReplicationStream& stream) {
  const auto state = bookkeeper_.slot(slot_, options_.plugin);
  if (state == Bookkeeper::SlotState::kUsable) return;
  // Whatever was captured before is lost with the old slot. This is written down first: with a
  // slot but without this, a crash in between would leave generations that miss changes.
  bookkeeper_.mark_slot_models_stale();
  context_->missed = "the replication slot " + slot_ + " is new";
  if (state == Bookkeeper::SlotState::kLost) {
    context_->missed = "PostgreSQL removed WAL that the replication slot " + slot_ +
                       " needed (max_slot_wal_keep_size)";
    spdlog::error("{}: it is made anew, and every model is loaded anew", context_->missed);
    bookkeeper_.drop_slot(slot_);
  }
  spdlog::info("creating the replication slot {}", slot_);
  stream.create_slot(slot_, options_.plugin, [this] {
    const auto who = bookkeeper_.oldest_transactions();
    const auto words = "creates the replication slot, which waits for every open transaction" +
                       (who.empty() ? std::string() : ": " + who);
    waiting_(words);
    bookkeeper_.note_obstacle(words);
  });
}

}  // namespace daas
