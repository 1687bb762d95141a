// Changes from daas.outbox, where triggers write them (sql/outbox.sql).
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <string>
#include <utility>

#include "decode/outbox_reader.hpp"
#include "pg/connection.hpp"
#include "pipeline/change_source.hpp"
#include "pipeline/doorbell.hpp"

namespace daas {

/// Reads scan by scan. A scan takes the transactions that its snapshot sees and the one before did not: they commit in any order,
/// so that no order of rows would tell. A worker that took a snapshot S and then read the insert LSN as H must be given all that S
/// sees: it is by a scan that read a flush LSN of more than H before it took its snapshot, which is then later than S. An equal one
/// says nothing, since a commit becomes visible without a byte of WAL. So a scan's position is one less than what it read, and whoever
/// is in a hurry commits something first. It is the flush LSN, since a crash takes back what was visible before it was flushed
/// (synchronous_commit = off): nobody may have been shown it. hurry() is for any thread.
class OutboxSource : public ChangeSource {
 public:
  OutboxSource(const std::string& conninfo, const Interrupt& interrupt);

  /// Becomes the one reader; false while another session is.
  bool take();
  /// Rows of another epoch are left to whoever began it.
  void set_epoch(std::int64_t epoch) { epoch_ = epoch; }
  /// Someone waits for what is committed by now, and has moved the flush LSN past it.
  void hurry();

  Event receive(std::chrono::milliseconds timeout) override;
  /// Deletes what was given before the position.
  void confirm(Lsn position) override;
  void finish() noexcept override {}

 private:
  using Clock = std::chrono::steady_clock;

  /// Waits; whether it is time for a scan.
  bool due(std::chrono::milliseconds timeout);
  void begin_scan();
  /// Hangs out the bell when there was nothing for a while, takes it in when there is something: triggers notify only a sleeper.
  void mind_the_bell();
  /// Reads on in the scan.
  void read_rows();
  std::vector<OutboxReader::Source> find_sources(std::uint32_t relation);

  Connection connection_;
  Connection deleter_;
  Connection lock_;  ///< holds what makes this the one reader
  Doorbell doorbell_;
  std::atomic<bool> hurried_{false};
  OutboxReader reader_;
  std::int64_t epoch_ = 0;
  const bool notified_;     ///< triggers may NOTIFY
  bool asleep_ = false;     ///< the bell hangs out
  Clock::time_point busy_at_{};  ///< the last scan that found something
  Clock::time_point scanned_at_{};
  bool scanning_ = false;   ///< there may be more rows
  bool untold_ = false;     ///< what the scan reached
  Lsn position_ = 0;        ///< of the scan
  std::string seen_;        ///< snapshot of the scan before; empty: none
  std::string snapshot_;    ///< of the scan
  std::pair<std::string, std::string> last_;  ///< xid and seq of the last row of the scan so far
  std::deque<std::pair<Lsn, std::uint64_t>> given_;  ///< transactions that are still in the outbox, with the scan's position
};

}  // namespace daas
