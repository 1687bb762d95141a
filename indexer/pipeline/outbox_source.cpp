#include "pipeline/outbox_source.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/array_text.hpp"

namespace daas {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

/// Of a sleeper: who began before the bell was out doesn't ring it.
constexpr milliseconds kSleepingPoll{250};
constexpr milliseconds kBusyPoll{10};
constexpr milliseconds kBusyFor{300};
/// Where nobody notifies, see sql/outbox.sql.
constexpr milliseconds kBlindPoll{50};
/// Of the outbox at a time: each holds some hundred values.
constexpr int kRows = 100;
constexpr std::size_t kDeletedTransactions = 2000;

OutboxReader::Row row_of(const Result& rows, int number) {
  OutboxReader::Row row;
  row.xid = static_cast<std::uint64_t>(rows.integer(number, 0));
  row.relation = static_cast<std::uint32_t>(rows.integer(number, 1));
  row.kind = rows(number, 2).empty() ? '\0' : rows(number, 2)[0];
  row.columns = json::parse(rows(number, 3)).get<std::vector<std::string>>();
  row.time_us = rows.integer(number, 5);
  if (rows.is_null(number, 4)) return row;
  // A message is the one element of a plain array.
  auto images = json::parse(rows(number, 4));
  if (!images.empty() && !images[0].is_array()) images = json::array({std::move(images)});
  for (const auto& image : images) {
    auto& values = row.images.emplace_back();
    for (const auto& value : image) {
      values.emplace_back();
      if (!value.is_null()) values.back() = value.get<std::string>();
    }
  }
  return row;
}

}  // namespace

OutboxSource::OutboxSource(const std::string& conninfo, const Interrupt& interrupt)
    : connection_(conninfo, "daas-indexer outbox", Session::kPlain, &interrupt),
      deleter_(conninfo, "daas-indexer outbox, done", Session::kPlain, &interrupt),
      lock_(conninfo, "daas-indexer outbox, lock", Session::kPlain, &interrupt),
      reader_([this](std::uint32_t relation) { return find_sources(relation); }),
      notified_(connection_.run("SELECT current_setting('max_prepared_transactions')")(0, 0) == "0") {
  // The table is nearly empty whenever it is analyzed, and then isn't; there is one good plan.
  connection_.run("SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off; SET jit = off");
  deleter_.run("SET enable_seqscan = off; SET jit = off");
  connection_.run("LISTEN daas_outbox");
}

bool OutboxSource::take() {
  // An advisory lock would be anybody's to take.
  try {
    lock_.run("BEGIN; LOCK TABLE daas.outbox_reader IN SHARE UPDATE EXCLUSIVE MODE NOWAIT");
    deleter_.run("DELETE FROM daas.outbox_bell");
    return true;
  } catch (const PgError& error) {
    constexpr const char* kLockNotAvailable = "55P03";
    if (error.sqlstate() != kLockNotAvailable) throw;
    return false;
  }
}

void OutboxSource::hurry() {
  hurried_ = true;
  doorbell_.ring();
}

ChangeSource::Event OutboxSource::receive(milliseconds timeout) {
  Event event;
  if (auto message = reader_.next()) {
    event.data = std::move(*message);
    return event;
  }
  if (!scanning_ && !untold_) {
    if (!due(timeout)) return event;
    begin_scan();
  }
  while (scanning_) {
    read_rows();
    if (auto message = reader_.next()) {
      event.data = std::move(*message);
      return event;
    }
  }
  untold_ = false;
  event.reached = position_;
  return event;
}

bool OutboxSource::due(milliseconds timeout) {
  const auto poll = !notified_ ? kBlindPoll : asleep_ ? kSleepingPoll : kBusyPoll;
  const auto rest = std::chrono::duration_cast<milliseconds>(scanned_at_ + poll - Clock::now());
  const bool notified =
      !connection_.notifications(std::clamp(rest, milliseconds(0), hurried_ ? milliseconds(0) : timeout), doorbell_.fd()).empty();
  doorbell_.answer();
  return hurried_.exchange(false) || notified || Clock::now() - scanned_at_ >= poll;
}

void OutboxSource::mind_the_bell() {
  const bool busy = Clock::now() - busy_at_ < kBusyFor;
  if (!notified_ || asleep_ != busy) return;
  deleter_.run(busy ? "DELETE FROM daas.outbox_bell" : "INSERT INTO daas.outbox_bell DEFAULT VALUES");
  asleep_ = !busy;
  // What was committed before the bell was out.
  if (asleep_) hurried_ = true;
}

void OutboxSource::begin_scan() {
  scanned_at_ = Clock::now();
  // In this order: position, then snapshot.
  const auto flushed = parse_lsn(connection_.run("SELECT pg_current_wal_flush_lsn()")(0, 0));
  if (!flushed) throw Error(Remedy::kStop, "PostgreSQL told no flush LSN");
  position_ = *flushed - 1;
  snapshot_ = connection_.run("SELECT pg_current_snapshot()::text").text(0, 0);
  last_ = {"0", "0"};
  reader_.begin(position_);
  scanning_ = true;
  untold_ = true;
}

void OutboxSource::read_rows() {
  // Each part in a snapshot of its own, or the scan would hold up vacuum while the queue is full. Rows stay until they are confirmed.
  const auto rows = connection_.run(
      "SELECT o.xid::text, o.relation::bigint, o.kind, to_json(o.columns)::text, to_json(o.images)::text,"
      " (extract(epoch FROM o.at - timestamptz '2000-01-01 00:00:00+00') * 1000000)::bigint, o.seq"
      " FROM daas.outbox o WHERE (o.xid, o.seq) > ($1::xid8, $2::bigint) AND pg_visible_in_snapshot(o.xid, $3::pg_snapshot)" +
          (seen_.empty() ? std::string() : " AND o.xid >= pg_snapshot_xmin('" + seen_ + "') AND NOT pg_visible_in_snapshot(o.xid, '" + seen_ + "')") +
          " ORDER BY o.xid, o.seq LIMIT " + std::to_string(kRows),
      {last_.first, last_.second, snapshot_});
  for (int number = 0; number < rows.rows(); ++number) {
    const auto row = row_of(rows, number);
    if (given_.empty() || given_.back() != std::pair(position_, row.xid)) given_.emplace_back(position_, row.xid);
    reader_.add(row);
    last_ = {rows.text(number, 0), rows.text(number, 6)};
  }
  if (rows.rows() > 0) busy_at_ = Clock::now();
  if (rows.rows() == kRows) return;
  reader_.end();
  seen_ = snapshot_;
  scanning_ = false;
  mind_the_bell();
}

void OutboxSource::confirm(Lsn position) {
  while (!given_.empty() && given_.front().first < position) {
    std::vector<std::string> done;
    while (!given_.empty() && given_.front().first < position && done.size() < kDeletedTransactions) {
      done.push_back(std::to_string(given_.front().second));
      given_.pop_front();
    }
    deleter_.run("DELETE FROM daas.outbox WHERE xid = ANY ($1::text[]::xid8[]) AND EXISTS (SELECT FROM daas.daemon WHERE epoch = $2::bigint)",
                 {array_text(done), std::to_string(epoch_)});
  }
}

std::vector<OutboxReader::Source> OutboxSource::find_sources(std::uint32_t relation) {
  const auto rows = connection_.run(
      "SELECT c.oid::bigint, n.nspname, c.relname, a.attname, a.atttypid::bigint, a.atttypmod"
      " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
      " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
      // The root may have become a partition of another table since its model was defined.
      " WHERE c.oid IN (SELECT s.relation FROM daas.source s"
      "  WHERE s.relation = $1::oid OR $1::oid IN (SELECT relid FROM pg_partition_ancestors(s.relation)))"
      " ORDER BY c.oid, a.attnum",
      {std::to_string(relation)});
  std::vector<OutboxReader::Source> sources;
  for (int row = 0; row < rows.rows(); ++row) {
    const auto oid = static_cast<std::uint32_t>(rows.integer(row, 0));
    if (sources.empty() || sources.back().oid != oid) sources.push_back({oid, rows.text(row, 1), rows.text(row, 2), {}});
    sources.back().columns.push_back({rows.text(row, 3), static_cast<std::uint32_t>(rows.integer(row, 4)),
                                      static_cast<std::int32_t>(rows.integer(row, 5))});
  }
  return sources;
}

}  // namespace daas
