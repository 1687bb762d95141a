#include "pipeline/bookkeeper.hpp"

#include <cstdlib>

#include "core/array_text.hpp"
#include "core/utf8.hpp"
#include "pg/installation.hpp"

namespace daas {
namespace {

const char* name_of(ModelState state) {
  switch (state) {
    case ModelState::kWaiting: return "waiting";
    case ModelState::kLoading: return "loading";
    case ModelState::kRunning: return "running";
    case ModelState::kPaused: return "paused";
    case ModelState::kStopped: return "stopped";
  }
  return "stopped";
}

ModelState state_named(std::string_view name) {
  if (name == "loading") return ModelState::kLoading;
  if (name == "running") return ModelState::kRunning;
  if (name == "paused") return ModelState::kPaused;
  if (name == "stopped") return ModelState::kStopped;
  return ModelState::kWaiting;
}

/// Words of PostgreSQL or Solr that were cut may end within a character, which the database refuses.
Parameter text_or_null(const std::string& text) {
  return text.empty() ? Parameter{} : Parameter{valid_utf8(text)};
}

Parameter lsn_or_null(Lsn lsn) { return lsn == 0 ? Parameter{} : Parameter{to_text(lsn)}; }

Parameter count_or_null(std::int64_t count) {
  return count < 0 ? Parameter{} : Parameter{std::to_string(count)};
}

}  // namespace

std::string Bookkeeper::Identity::owner() const {
  return std::to_string(static_cast<std::uint64_t>(system)) + "/" + std::to_string(database);
}

Bookkeeper::Bookkeeper(const std::string& conninfo, const Interrupt& interrupt)
    : connection_(conninfo, "daas-indexer bookkeeping", Session::kPlain, &interrupt),
      heartbeats_(conninfo, "daas-indexer heartbeat", Session::kPlain, &interrupt) {}

Bookkeeper::Identity Bookkeeper::identify(const std::string& expected_version) {
  const std::lock_guard lock(mutex_);
  const auto rows = connection_.run(
      "SELECT (SELECT system_identifier FROM pg_control_system()), d.oid, d.datname, pg_is_in_recovery(),"
      " CASE WHEN NOT pg_is_in_recovery() THEN left(pg_walfile_name(pg_current_wal_lsn()), 8) END"
      " FROM pg_database d WHERE d.datname = current_database()");
  identity_.system = rows.integer(0, 0);
  identity_.database = static_cast<std::uint32_t>(rows.integer(0, 1));
  identity_.database_name = rows.text(0, 2);
  identity_.timeline =
      static_cast<std::uint32_t>(std::strtoul(rows.text(0, 4).c_str(), nullptr, 16));
  if (rows.boolean(0, 3)) {
    throw Error(Remedy::kRetry, "the server is a standby in recovery: PostgreSQL 15 decodes on a "
                                "primary only",
                "point --pg at the primary");
  }
  // One that is being installed right now is worth another try.
  const auto installation = find_installation(connection_);
  if (const auto fault = installation.fault(expected_version); !fault.words.empty()) {
    throw Error(Remedy::kRetry, fault.words, fault.hint);
  }
  identity_.plain = installation.plain;
  return identity_;
}

void Bookkeeper::change(const std::function<void()>& statements) {
  const std::lock_guard lock(mutex_);
  connection_.run("BEGIN");
  try {
    const auto ours = connection_.run("SELECT FROM daas.daemon WHERE epoch = $1::bigint FOR SHARE",
                                      {std::to_string(epoch_)});
    if (ours.rows() == 0) {
      throw Error(Remedy::kRetry, "another daemon has begun a newer epoch for this database");
    }
    statements();
    connection_.run("COMMIT");
  } catch (const Interrupted&) {
    throw;
  } catch (const Error&) {
    if (PQstatus(connection_.raw()) == CONNECTION_OK) connection_.run("ROLLBACK");
    throw;
  }
}

void Bookkeeper::mark_all_stale() {
  const std::lock_guard lock(mutex_);
  connection_.run("UPDATE daas.generation SET revision = 0");
}

void Bookkeeper::mark_slot_models_stale() {
  const std::lock_guard lock(mutex_);
  connection_.run("UPDATE daas.generation g SET revision = 0 FROM daas.model m"
                  " WHERE m.name = g.model AND NOT m.by_outbox");
}

void Bookkeeper::add_collection(const std::string& model, const std::string& collection) {
  change([&] {
    connection_.run("INSERT INTO daas.collection (name, model, system_identifier)"
                    " VALUES ($1, $2, $3::bigint) ON CONFLICT DO NOTHING",
                    {collection, model, std::to_string(identity_.system)});
  });
}

void Bookkeeper::remove_collection(const std::string& collection) {
  change([&] {
    connection_.run("DELETE FROM daas.collection WHERE name = $1", {collection});
  });
}

void Bookkeeper::remove_collections_of(const std::string& model) {
  change([&] { connection_.run("DELETE FROM daas.collection WHERE model = $1", {model}); });
}

void Bookkeeper::mark_durable(const std::string& collection, std::int64_t version) {
  change([&] {
    connection_.run("UPDATE daas.collection SET durable_version = $2::bigint WHERE name = $1",
                    {collection, std::to_string(version)});
  });
}

std::int64_t Bookkeeper::durable_version(const std::string& collection) {
  const std::lock_guard lock(mutex_);
  const auto rows = connection_.run("SELECT durable_version FROM daas.collection WHERE name = $1",
                                    {collection});
  return rows.rows() == 0 ? 0 : rows.integer(0, 0);
}

std::vector<std::string> Bookkeeper::models_with_collections() {
  const std::lock_guard lock(mutex_);
  const auto rows = connection_.run(
      "SELECT DISTINCT model FROM daas.collection WHERE system_identifier = $1::bigint",
      {std::to_string(identity_.system)});
  std::vector<std::string> models;
  for (int row = 0; row < rows.rows(); ++row) models.push_back(rows.text(row, 0));
  return models;
}

std::vector<GenerationRecord> Bookkeeper::generations(const std::string& model) {
  const std::lock_guard lock(mutex_);
  const auto rows = connection_.run(
      "SELECT number, collection, revision, snapshot::text, version, loaded, live, tables"
      " FROM daas.generation"
      " WHERE model = $1 AND system_identifier = $2::bigint ORDER BY number",
      {model, std::to_string(identity_.system)});
  std::vector<GenerationRecord> found;
  for (int row = 0; row < rows.rows(); ++row) {
    found.push_back({static_cast<int>(rows.integer(row, 0)), rows.text(row, 1),
                     rows.integer(row, 2), rows.text(row, 3), rows.integer(row, 4),
                     rows.boolean(row, 5), rows.boolean(row, 6), 1, rows.text(row, 7)});
  }
  return found;
}

void Bookkeeper::add_generation(const Model& model, const GenerationRecord& generation,
                                const std::string& columns) {
  std::vector<std::string> key;
  for (const auto position : model.key) key.push_back(model.columns[position].name);
  change([&] {
    connection_.run(
        "INSERT INTO daas.generation (model, number, system_identifier, collection, revision,"
        " columns, key, version, snapshot, shards, tables) VALUES ($1, $2::int, $3::bigint, $4, $5::bigint,"
        " $6::jsonb, $7::text[], $8::bigint, $9::pg_snapshot, $10::int, $11)",
        {model.name, std::to_string(generation.number), std::to_string(identity_.system),
         generation.collection, std::to_string(generation.revision), columns, array_text(key),
         std::to_string(generation.version), generation.snapshot, std::to_string(generation.shards),
         generation.tables});
  });
}

void Bookkeeper::mark_loaded(const std::string& model, int number) {
  change([&] {
    connection_.run("UPDATE daas.generation SET loaded = true WHERE model = $1 AND number = $2::int",
                    {model, std::to_string(number)});
  });
}

void Bookkeeper::set_live(const std::string& model, int live) {
  change([&] {
    connection_.run("DELETE FROM daas.generation WHERE model = $1 AND number <> $2::int",
                    {model, std::to_string(live)});
    connection_.run("UPDATE daas.generation SET live = true WHERE model = $1", {model});
  });
}

void Bookkeeper::mark_stale(const std::string& model) {
  change([&] {
    connection_.run("UPDATE daas.generation SET revision = 0 WHERE model = $1 AND live", {model});
  });
}

void Bookkeeper::remove_generation(const std::string& model, int number) {
  change([&] {
    connection_.run("DELETE FROM daas.generation WHERE model = $1 AND number = $2::int",
                    {model, std::to_string(number)});
  });
}

std::optional<ModelReport> Bookkeeper::progress(const std::string& model) {
  const std::lock_guard lock(mutex_);
  const auto rows = connection_.run(
      "SELECT state, reason, hint, documents, revision FROM daas.progress"
      " WHERE model = $1 AND system_identifier = $2::bigint",
      {model, std::to_string(identity_.system)});
  if (rows.rows() == 0) return std::nullopt;
  ModelReport report;
  report.state = state_named(rows(0, 0));
  report.reason = rows.text(0, 1);
  report.hint = rows.text(0, 2);
  if (!rows.is_null(0, 3)) report.documents = rows.integer(0, 3);
  if (!rows.is_null(0, 4)) report.revision = rows.integer(0, 4);
  return report;
}

void Bookkeeper::report(const std::map<std::string, ModelReport>& reports, bool alive) {
  if (alive) change([&] { connection_.run("UPDATE daas.daemon SET reported_at = now()"); });
  for (const auto& [model, report] : reports) {
    try {
      change([&] {
        // A transaction that drops the model may hold its row for as long as it likes.
        connection_.run("SET LOCAL lock_timeout = '200ms'");
        write(model, report);
      });
    } catch (const PgError& error) {
      constexpr const char* kLockNotAvailable = "55P03";
      constexpr const char* kForeignKeyViolation = "23503";
      if (error.sqlstate() != kLockNotAvailable && error.sqlstate() != kForeignKeyViolation) throw;
    }
  }
}

void Bookkeeper::report_stopped(const std::string& model, const ModelReport& report) {
  change([&] {
    connection_.run("UPDATE daas.generation SET revision = 0 WHERE model = $1", {model});
    write(model, report);
  });
}

void Bookkeeper::write(const std::string& model, const ModelReport& report) {
  // A model that was dropped meanwhile has no row to hang its progress on. "Stopped" is left by a
  // new revision only: a report of before, that comes late, must not undo it.
  connection_.run(
      "INSERT INTO daas.progress AS p (model, system_identifier, state, reason, hint,"
      " captured_lsn, visible_lsn, durable_lsn, visible_at, loaded, documents, revision,"
      " updated_at)"
      " SELECT name, $2::bigint, $3, $4, $5, $6::pg_lsn, $7::pg_lsn, $8::pg_lsn,"
      " CASE WHEN $7 IS NOT NULL THEN now() END, $9::bigint, $10::bigint, $11::bigint, now()"
      " FROM daas.model WHERE name = $1"
      " ON CONFLICT (model) DO UPDATE SET system_identifier = excluded.system_identifier,"
      " state = excluded.state, reason = excluded.reason, hint = excluded.hint,"
      " captured_lsn = excluded.captured_lsn,"
      " visible_lsn = coalesce(excluded.visible_lsn, p.visible_lsn),"
      " durable_lsn = coalesce(excluded.durable_lsn, p.durable_lsn),"
      " visible_at = CASE WHEN excluded.visible_lsn IS DISTINCT FROM p.visible_lsn"
      "   THEN coalesce(excluded.visible_at, p.visible_at) ELSE p.visible_at END,"
      " loaded = excluded.loaded, documents = coalesce(excluded.documents, p.documents),"
      " revision = excluded.revision, updated_at = now()"
      " WHERE p.state <> 'stopped' OR excluded.state = 'stopped'"
      "    OR p.revision IS DISTINCT FROM excluded.revision",
      {model, std::to_string(identity_.system), std::string(name_of(report.state)),
       text_or_null(report.reason), text_or_null(report.hint), lsn_or_null(report.captured),
       lsn_or_null(report.visible), lsn_or_null(report.durable), count_or_null(report.loaded),
       count_or_null(report.documents), std::to_string(report.revision)});
}

std::uint64_t Bookkeeper::next_xid() {
  const std::lock_guard lock(mutex_);
  // Assigns an id: every id that was assigned before is smaller. A snapshot's xmax would not do, for
  // transactions that run may have ids past the last one that ended.
  const auto rows = connection_.run("SELECT pg_current_xact_id()::text::bigint");
  return static_cast<std::uint64_t>(rows.integer(0, 0));
}

void Bookkeeper::heartbeat() {
  const std::lock_guard lock(heartbeat_mutex_);
  heartbeats_.run("SELECT pg_logical_emit_message(true, 'daas.heartbeat', '')");
}

}  // namespace daas
