#include "pipeline/slot_source.hpp"

#include <utility>

namespace daas {

SlotSource::SlotSource(std::unique_ptr<ReplicationStream> stream, std::optional<PgoutputReader> pgoutput)
    : stream_(std::move(stream)), pgoutput_(std::move(pgoutput)) {}

ChangeSource::Event SlotSource::receive(std::chrono::milliseconds timeout) {
  auto message = stream_->receive(timeout);
  Event event;
  switch (message.kind) {
    case ReplicationStream::Message::Kind::kNone:
      break;
    case ReplicationStream::Message::Kind::kKeepalive:
      event.reply_wanted = message.reply_wanted;
      // What was gathered of a transaction is not given yet.
      if (!pgoutput_ || !pgoutput_->in_transaction()) event.reached = message.wal_end;
      break;
    case ReplicationStream::Message::Kind::kData:
      event.data = pgoutput_ ? pgoutput_->feed(message.data) : std::move(message.data);
      break;
  }
  return event;
}

}  // namespace daas
