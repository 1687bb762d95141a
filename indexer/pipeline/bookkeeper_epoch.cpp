// Slots, epochs and beats: what a run must know of the server before it may write.
#include <unistd.h>

#include <algorithm>

#include "pipeline/bookkeeper.hpp"
#include "pipeline/host_name.hpp"
#include "pipeline/obstacle_note.hpp"

namespace daas {

Bookkeeper::Captures Bookkeeper::captures() {
  const std::lock_guard lock(mutex_);
  const auto rows = connection_.run(
      "SELECT count(*) FILTER (WHERE by_outbox), count(*) FILTER (WHERE NOT by_outbox),"
      " current_setting('wal_level') = 'logical' AND EXISTS (SELECT FROM pg_roles WHERE rolname = current_user AND (rolreplication OR rolsuper))"
      " FROM daas.model");
  const bool outbox = rows.integer(0, 0) > 0;
  const bool logical = rows.integer(0, 1) > 0;
  return {logical || (!outbox && rows.boolean(0, 2)), outbox};
}

std::string Bookkeeper::check_capture(const std::string& plugin) {
  const std::lock_guard lock(mutex_);
  if (identity_.plain && plugin != kPgoutput) {
    throw Error(Remedy::kRetry, "daas is installed as plain SQL, without the output plugin " + plugin,
                "start daas-indexer with --decoder pgoutput");
  }
  const auto rows = connection_.run(
      "SELECT current_setting('wal_level'), rolreplication OR rolsuper, quote_ident(rolname)"
      " FROM pg_roles WHERE rolname = current_user");
  const auto role = rows.text(0, 2);
  if (rows(0, 0) != "logical") {
    throw Error(Remedy::kRetry,
                "wal_level is " + rows.text(0, 0) + ": changes are decoded from logical WAL only",
                "ALTER SYSTEM SET wal_level = 'logical', then restart PostgreSQL; or give every model the option \"capture\": \"notify\"");
  }
  if (!rows.boolean(0, 1)) {
    throw Error(Remedy::kRetry, "the role " + role + " does not have the attribute REPLICATION",
                "ALTER ROLE " + role + " REPLICATION");
  }
  return role;
}

void Bookkeeper::check_publishes_all(const std::string& publication) {
  const std::lock_guard lock(mutex_);
  const auto rows = connection_.run(
      "SELECT pubinsert AND pubupdate AND pubdelete AND pubtruncate FROM pg_publication WHERE pubname = $1", {publication});
  if (rows.rows() == 1 && rows.boolean(0, 0)) return;
  throw Error(Remedy::kRetry,
              "the publication " + publication + (rows.rows() == 0 ? " is not there yet" : " publishes no UPDATE and DELETE") +
                  ", which pgoutput needs",
              "SELECT daas.use_decoder('pgoutput')");
}

Bookkeeper::SlotState Bookkeeper::slot(const std::string& name, const std::string& plugin) {
  const std::lock_guard lock(mutex_);
  const auto rows = connection_.run(
      "SELECT slot_type, coalesce(plugin, ''), coalesce(database, ''), database = current_database(),"
      " coalesce(wal_status, ''), active, coalesce(active_pid, 0)"
      " FROM pg_replication_slots WHERE slot_name = $1",
      {name});
  if (rows.rows() == 0) return SlotState::kNone;
  const auto refused = [&](const std::string& problem, const std::string& hint) {
    return Error(Remedy::kRetry, "the replication slot " + name + " " + problem, hint);
  };
  const auto other = "start with another --slot NAME, or, if nothing needs it, SELECT "
                     "pg_drop_replication_slot('" + name + "')";
  if (rows(0, 0) != "logical") throw refused("is a physical one", other);
  if (rows(0, 1) != plugin) throw refused("uses the plugin " + rows.text(0, 1) + " and not " + plugin, other);
  if (!rows.boolean(0, 3)) throw refused("belongs to the database " + rows.text(0, 2), other);
  if (rows(0, 4) != "lost") return SlotState::kUsable;
  if (rows.boolean(0, 5)) {
    throw refused("has lost WAL that it needed, and process " + rows.text(0, 6) + " still reads it",
                  "SELECT pg_terminate_backend(" + rows.text(0, 6) + ")");
  }
  return SlotState::kLost;
}

void Bookkeeper::drop_slot(const std::string& name) {
  const std::lock_guard lock(mutex_);
  connection_.run("SELECT pg_drop_replication_slot($1)", {name});
}

bool Bookkeeper::drop_idle_slot(const std::string& name, const std::string& plugin) {
  const std::lock_guard lock(mutex_);
  return connection_
             .run("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
                  " WHERE slot_name = $1 AND database = current_database() AND plugin = $2 AND NOT active",
                  {name, plugin})
             .rows() > 0;
}

std::int64_t Bookkeeper::slot_reader(const std::string& slot) {
  const std::lock_guard lock(mutex_);
  // One that is being made has no confirmed position yet: that takes as long as the oldest transaction.
  return connection_
      .run("SELECT coalesce(max(active_pid), 0) FROM pg_replication_slots WHERE slot_name = $1 AND confirmed_flush_lsn IS NOT NULL", {slot})
      .integer(0, 0);
}

std::int64_t Bookkeeper::outbox_reader() {
  const std::lock_guard lock(mutex_);
  return connection_
      .run("SELECT coalesce(max(pid), 0) FROM pg_locks WHERE relation = 'daas.outbox_reader'::regclass AND granted"
           " AND mode = 'ShareUpdateExclusiveLock' AND database = " + std::to_string(identity_.database))
      .integer(0, 0);
}

std::string Bookkeeper::sign_of_life() {
  const std::lock_guard lock(mutex_);
  const auto rows = connection_.run("SELECT concat_ws(' ', epoch, beat, reported_at) FROM daas.daemon");
  return rows.rows() == 0 ? std::string() : rows.text(0, 0);
}

void Bookkeeper::end_silent(std::int64_t pid) {
  const std::lock_guard lock(mutex_);
  // A person who reads the slot is left alone. Of the rest, what it left in the middle of a transaction would be in the way: of one
  // that lives, such transactions last milliseconds.
  connection_.run(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
      " WHERE datname = current_database() AND usename = current_user AND application_name LIKE 'daas-indexer%'"
      " AND (pid = $1::int OR state = 'idle in transaction' AND state_change < clock_timestamp() - interval '3 seconds')",
      {std::to_string(pid)});
}

Bookkeeper::WalState Bookkeeper::wal(const std::string& slot) {
  const std::lock_guard lock(mutex_);
  const auto rows = connection_.run(
      "SELECT pg_current_wal_insert_lsn(),"
      " greatest(pg_wal_lsn_diff(pg_current_wal_insert_lsn(), restart_lsn), 0)::bigint, safe_wal_size"
      " FROM (VALUES (true)) one LEFT JOIN pg_replication_slots ON slot_name = $1 AND restart_lsn IS NOT NULL",
      {slot});
  WalState wal;
  wal.insert = parse_lsn(rows(0, 0)).value_or(0);
  if (!rows.is_null(0, 1)) wal.retained = rows.integer(0, 1);
  if (!rows.is_null(0, 2)) wal.safe = rows.integer(0, 2);
  return wal;
}

std::string Bookkeeper::oldest_transactions() {
  const std::lock_guard lock(mutex_);
  // pg_locks names the holders of transaction ids to every role, which pg_stat_activity does not.
  const auto rows = connection_.run(
      "SELECT string_agg(who, '; ') FROM ("
      "  SELECT concat('pid ' || l.pid, ', database ' || a.datname, ', since ' || a.xact_start) AS who"
      "    FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)"
      "   WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted"
      "     AND l.pid IS DISTINCT FROM pg_backend_pid()"
      "   ORDER BY age(l.transactionid) DESC LIMIT 3) x");
  return rows.text(0, 0);
}

Standing Bookkeeper::standing() {
  const std::lock_guard lock(mutex_);
  Standing standing{identity_.owner(), identity_.timeline, 0, 0};
  const auto rows = connection_.run(
      "SELECT epoch, beat FROM daas.daemon WHERE system_identifier = $1::bigint",
      {std::to_string(identity_.system)});
  if (rows.rows() == 0) return standing;
  standing.epoch = rows.integer(0, 0);
  standing.beat = rows.integer(0, 1);
  return standing;
}

std::int64_t Bookkeeper::begin_epoch(const std::string& name_space, const std::string& slot,
                                     const Succession& succession) {
  const std::lock_guard lock(mutex_);
  const auto system = std::to_string(identity_.system);
  connection_.run("DELETE FROM daas.progress WHERE system_identifier <> $1::bigint", {system});
  connection_.run("DELETE FROM daas.generation WHERE system_identifier <> $1::bigint", {system});
  connection_.run("DELETE FROM daas.collection WHERE system_identifier <> $1::bigint", {system});
  const auto rows = connection_.run(
      "INSERT INTO daas.daemon AS d (system_identifier, epoch, beat, namespace, slot, pid, host,"
      " started_at, reported_at)"
      " VALUES ($1::bigint, $6::bigint + 1, $7::bigint + 1, $2, nullif($3, ''), $4::int, $5, now(), now())"
      " ON CONFLICT (singleton) DO UPDATE SET system_identifier = excluded.system_identifier,"
      " epoch = greatest(d.epoch, $6::bigint) + 1, beat = greatest(d.beat, $7::bigint) + 1,"
      " obstacle = NULL, obstacle_hint = NULL, namespace = excluded.namespace,"
      " slot = excluded.slot, pid = excluded.pid, host = excluded.host, started_at = now(),"
      " reported_at = now()"
      " RETURNING epoch",
      {system, name_space, slot, std::to_string(getpid()), host_name(),
       std::to_string(succession.epoch_after), std::to_string(succession.beat_after)});
  epoch_ = rows.integer(0, 0);
  highest_generation_ = succession.generation_after;
  return epoch_;
}

void Bookkeeper::note_obstacle(const std::string& words) {
  const std::lock_guard lock(mutex_);
  daas::note_obstacle(connection_, words, {});
}

std::int64_t Bookkeeper::beat() {
  std::int64_t beat = 0;
  change([&] {
    beat = connection_.run("UPDATE daas.daemon SET beat = beat + 1, reported_at = now() RETURNING beat")
               .integer(0, 0);
  });
  return beat;
}

int Bookkeeper::next_generation(int at_least) {
  const std::lock_guard lock(mutex_);
  // A database that went back has a sequence that did, too, and requests of the past may still land.
  const int least = std::max(at_least, highest_generation_.load() + 1);
  int number = static_cast<int>(connection_.run("SELECT nextval('daas.generation_seq')").integer(0, 0));
  if (number < least) {
    number = static_cast<int>(
        connection_.run("SELECT max(nextval('daas.generation_seq')) FROM generate_series(1, $1::int)",
                        {std::to_string(least - number)})
            .integer(0, 0));
  }
  highest_generation_ = std::max(highest_generation_.load(), number);
  return number;
}

}  // namespace daas
