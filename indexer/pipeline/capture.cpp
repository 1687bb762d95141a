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

Capture::Capture(std::unique_ptr<ReplicationStream> stream, CommitLog& log,
                 const Interrupt& interrupt, SpillRule spill_rule,
                 std::optional<PgoutputReader> pgoutput, std::function<void(std::exception_ptr)> failed)
    : stream_(std::move(stream)),
      log_(log),
      interrupt_(interrupt),
      spill_rule_(std::move(spill_rule)),
      failed_(std::move(failed)),
      pgoutput_(std::move(pgoutput)),
      thread_([this] { run(); }) {}

Capture::~Capture() { thread_.join(); }

void Capture::run() {
  try {
    auto confirmed_at = Clock::now();
    while (!interrupt_.raised()) {
      if (log_.wait_room(milliseconds(500))) read(stream_->receive(milliseconds(200)));
      if (std::exchange(reply_wanted_, false) || Clock::now() - confirmed_at >= kConfirmInterval) {
        if (const auto position = log_.confirmable(); position != 0) stream_->confirm(position);
        confirmed_at = Clock::now();
      }
    }
    stream_->finish();
  } catch (const Interrupted&) {
    stream_->finish();
  } catch (...) {
    failed_(std::current_exception());
  }
}

void Capture::read(ReplicationStream::Message message) {
  switch (message.kind) {
    case ReplicationStream::Message::Kind::kNone:
      return;
    case ReplicationStream::Message::Kind::kKeepalive:
      reply_wanted_ |= message.reply_wanted;
      // Inside a transaction it may already count that transaction's own WAL.
      if (!(pgoutput_ ? pgoutput_->in_transaction() : decoder_.in_transaction())) log_.advance(message.wal_end);
      return;
    case ReplicationStream::Message::Kind::kData:
      decode(std::move(message.data));
      return;
  }
}

void Capture::decode(std::string message) {
  if (pgoutput_) message = pgoutput_->feed(message);
  if (message.empty()) return;
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
