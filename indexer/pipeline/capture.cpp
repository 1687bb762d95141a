#include "pipeline/capture.hpp"

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
                 const Interrupt& interrupt, std::function<void(std::exception_ptr)> failed)
    : stream_(std::move(stream)),
      log_(log),
      interrupt_(interrupt),
      failed_(std::move(failed)),
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
      if (!decoder_.in_transaction()) log_.advance(message.wal_end);
      return;
    case ReplicationStream::Message::Kind::kData:
      for (auto& commit : decoder_.feed(std::move(message.data))) log_.append(std::move(commit));
      return;
  }
}

}  // namespace daas
