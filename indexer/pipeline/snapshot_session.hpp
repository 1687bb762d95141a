// The snapshot that a batch is aligned to (design §6, P1).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "batch/snapshot.hpp"
#include "core/lsn.hpp"
#include "pipeline/context.hpp"

namespace daas {

/// A read-only REPEATABLE READ transaction on a borrowed reader connection. One thread.
class SnapshotSession {
 public:
  SnapshotSession(ReaderPool& readers, const Interrupt& interrupt);

  /// G: insert LSN read before the snapshot was taken. Everything that had committed when the
  /// insert LSN was below G is seen.
  Lsn before() const { return before_; }
  /// H: insert LSN read after it. Everything that the snapshot sees committed before H.
  Lsn after() const { return after_; }
  const Snapshot& snapshot() const { return snapshot_; }
  const std::string& snapshot_text() const { return text_; }
  Connection& connection() { return **lease_; }

  std::string export_snapshot();
  /// Rows of a query, counted on the snapshot.
  std::int64_t count(const std::string& query);
  /// Ends the transaction; the session must not be used any more.
  void finish();

 private:
  std::unique_ptr<ReaderPool::Lease> lease_;
  Lsn before_ = 0;
  Lsn after_ = 0;
  std::string text_;
  Snapshot snapshot_;
};

}  // namespace daas
