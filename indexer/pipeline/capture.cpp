#include "pipeline/capture.hpp"

#include <spdlog/spdlog.h>

#include <chrono>
#include <utility>

namespace daas {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

/// Also keeps the walsender alive (wal_sender_timeout is a minute by default).
constexpr milliseconds kConfirmInterval{1000};

}  // namespace

Capture::Capture(std::shared_ptr<ChangeSource> source, CommitLog& log,
                 const Interrupt& interrupt, SpillRule spill_rule, std::function<void(std::exception_ptr)> failed)
    : source_(std::move(source)),
      log_(log),
      interrupt_(interrupt),
      spill_rule_(std::move(spill_rule)),
      failed_(std::move(failed)),
      thread_([this] { run(); }) {}

Capture::~Capture() { thread_.join(); }

void Capture::run() {
  try {
    auto confirmed_at = Clock::now();
    while (!interrupt_.raised()) {
      if (log_.wait_room(milliseconds(500))) read(source_->receive(milliseconds(200)));
      if (std::exchange(reply_wanted_, false) || Clock::now() - confirmed_at >= kConfirmInterval) {
        if (const auto position = log_.confirmable(); position != 0) source_->confirm(position);
        confirmed_at = Clock::now();
      }
    }
    source_->finish();
  } catch (const Interrupted&) {
    source_->finish();
  } catch (...) {
    failed_(std::current_exception());
  }
}

void Capture::read(ChangeSource::Event event) {
  reply_wanted_ |= event.reply_wanted;
  if (!event.data.empty()) decode(std::move(event.data));
  // Inside a transaction it may already count that transaction's own WAL.
  if (event.reached != 0 && !decoder_.in_transaction()) log_.advance(event.reached);
}

void Capture::decode(std::string message) {
  for (auto& commit : decoder_.feed(std::move(message))) {
    commit.stored = std::exchange(spill_, nullptr);
    log_.append(std::move(commit));
  }
  if (decoder_.open_bytes() <= spill_rule_.bytes) return;
  if (!spill_) {
    spill_ = std::make_shared<Spill>(spill_rule_.directory, decoder_.at_begin());
    spdlog::info("a transaction of more than {} MB goes through a file in {}",
                 spill_rule_.bytes >> 20, spill_rule_.directory);
  }
  spill_->append(decoder_.take_part());
}

}  // namespace daas
