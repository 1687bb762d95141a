#include "pipeline/snapshot_session.hpp"

namespace daas {
namespace {

Lsn lsn_of(std::string_view text) {
  const auto lsn = parse_lsn(text);
  if (!lsn) throw Error(Remedy::kStop, "PostgreSQL answered no pg_lsn: " + std::string(text));
  return *lsn;
}

}  // namespace

SnapshotSession::SnapshotSession(ReaderPool& readers, const Interrupt& interrupt)
    : lease_(readers.borrow(interrupt)) {
  auto& connection = **lease_;
  // The order G, S, H is what P1 and P3 rest on. The functions of the second statement run after
  // its snapshot, which is the transaction's, was taken.
  before_ = lsn_of(connection.run("SELECT pg_current_wal_insert_lsn()")(0, 0));
  connection.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  const auto rows = connection.run("SELECT pg_current_snapshot()::text, pg_current_wal_insert_lsn()");
  text_ = rows.text(0, 0);
  snapshot_ = Snapshot::parse(text_);
  after_ = lsn_of(rows(0, 1));
}

std::string SnapshotSession::export_snapshot() {
  return connection().run("SELECT pg_export_snapshot()").text(0, 0);
}

std::int64_t SnapshotSession::count(const std::string& query) {
  return connection().run("SELECT count(*) FROM (" + query + ") AS q").integer(0, 0);
}

void SnapshotSession::finish() {
  connection().run("COMMIT");
  lease_->keep();
  lease_.reset();
}

}  // namespace daas
