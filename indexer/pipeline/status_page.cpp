#include "pipeline/status_page.hpp"

#include <array>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "solr/admin.hpp"

namespace daas {
namespace {

using Json = nlohmann::ordered_json;

/// Estimates of tables that were never analyzed are guesses; those of a parent are of no use.
constexpr const char* kReport = R"(
SELECT json_build_object(
  'daemon', (SELECT json_build_object('epoch', d.epoch, 'namespace', d.namespace, 'slot', d.slot,
                                      'pid', d.pid, 'host', d.host, 'started_at', d.started_at,
                                      'reported_at', d.reported_at)
               FROM daas.daemon d WHERE d.system_identifier = (SELECT system_identifier FROM pg_control_system())),
  'wal', (SELECT json_build_object('insert_lsn', pg_current_wal_insert_lsn(),
                                   'confirmed_lsn', r.confirmed_flush_lsn,
                                   'retained_bytes', greatest(pg_wal_lsn_diff(pg_current_wal_insert_lsn(), r.restart_lsn), 0),
                                   'safe_bytes', r.safe_wal_size, 'status', r.wal_status, 'active', r.active)
            FROM daas.daemon d JOIN pg_replication_slots r ON r.slot_name = d.slot),
  'oldest_transactions', (SELECT coalesce(json_agg(json_build_object('pid', t.pid, 'database', t.datname,
                                                                     'since', t.xact_start)), '[]')
    FROM (SELECT l.pid, a.datname, a.xact_start FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
           WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted
             AND l.pid IS DISTINCT FROM pg_backend_pid() ORDER BY age(l.transactionid) DESC LIMIT 3) t),
  'models', (SELECT coalesce(json_agg(json_build_object(
      'model', s.model, 'state', s.state, 'reason', s.reason, 'hint', s.hint, 'generation', s.generation,
      'collection', g.collection, 'documents', s.documents, 'dead_letters', s.dead_letters,
      'loaded', p.loaded, 'captured_lsn', s.captured_lsn, 'visible_lsn', s.visible_lsn,
      'durable_lsn', s.durable_lsn, 'lag_bytes', s.lag_bytes, 'load_query', m.load_query,
      'analyzed', (SELECT bool_and(c.reltuples >= 0) FROM daas.source o
                     CROSS JOIN LATERAL (SELECT t.relid FROM pg_partition_tree(o.relation) t WHERE t.isleaf
                                         UNION SELECT o.relation) leaf
                     JOIN pg_class c ON c.oid = leaf.relid AND c.relkind = 'r'
                    WHERE o.model = s.model)) ORDER BY s.model), '[]')
    FROM daas.status() s JOIN daas.model m ON m.name = s.model
    LEFT JOIN daas.generation g ON g.model = s.model AND g.number = s.generation
    LEFT JOIN daas.progress p ON p.model = s.model)))";

/// Microseconds since 2000-01-01 as ISO 8601; null for 0.
Json time_text(std::int64_t time) {
  if (time == 0) return nullptr;
  constexpr std::int64_t kPostgresEpoch = 946684800;
  const std::time_t seconds = time / 1'000'000 + kPostgresEpoch;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 40> text{};
  const auto size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::array<char, 16> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%03dZ", static_cast<int>(time / 1000 % 1000));
  return std::string(text.data(), size) + fraction.data();
}

Json position(Lsn lsn, std::int64_t time) {
  if (lsn == 0) return nullptr;
  return {{"lsn", to_text(lsn)}, {"at", time_text(time)}};
}

/// The planner's. Null when it has none: somebody locks the table, or it has changed, which the
/// model's reason tells.
Json estimated_rows(Connection& reader, const std::string& query) {
  try {
    const auto rows = reader.run("EXPLAIN (FORMAT JSON) " + query);
    return Json::parse(rows(0, 0)).at(0).at("Plan").at("Plan Rows");
  } catch (const PgError&) {
    return nullptr;
  }
}

void add_figures(Json& model, const ModelFigures& figures) {
  model["last_captured"] = position(figures.captured, figures.captured_at);
  model["last_visible"] = position(figures.shown, figures.shown_at);
  model["lag_ms"] = figures.lag_us / 1000;
  model["heartbeat_age_ms"] = figures.visible_age_us / 1000;
  model["totals"] = {{"rows_loaded", figures.rows_loaded},
                     {"changes", figures.changes},
                     {"documents", figures.documents},
                     {"refused", figures.refused}};
  model["per_second"] = {{"rows_loaded", figures.rows_loaded_rate},
                         {"changes", figures.changes_rate},
                         {"documents", figures.documents_rate}};
}

}  // namespace

StatusPage::StatusPage(const IndexOptions& options, IndexMetrics& metrics,
                       const Interrupt& interrupt)
    : options_(options), metrics_(metrics), interrupt_(interrupt) {}

std::optional<std::string> StatusPage::render(const std::string& obstacle,
                                              const std::string& exact) {
  Connection books(options_.pg, "daas-indexer status", Session::kPlain, &interrupt_);
  auto report = Json::parse(books.run(kReport)(0, 0));
  Connection reader(options_.pg_reader, "daas-indexer status", Session::kReader, &interrupt_);
  const auto figures = metrics_.figures();
  bool found = exact.empty();
  for (auto& model : report["models"]) {
    const auto name = model["model"].get<std::string>();
    const auto query = model["load_query"].get<std::string>();
    const bool analyzed = model["analyzed"].is_boolean() && model["analyzed"].get<bool>();
    model.erase("load_query");
    model.erase("analyzed");
    const bool counted = name == exact;
    found |= counted;
    if (counted) {
      // Of different instants: the difference says something once nothing is on its way.
      model["rows"] = reader.run("SELECT count(*) FROM (" + query + ") q").integer(0, 0);
      if (!model["collection"].is_null()) {
        SolrAdmin solr(options_.solr, &interrupt_.flag());
        model["documents"] = solr.live_documents(model["collection"].get<std::string>());
      }
    } else {
      model["rows"] = analyzed ? estimated_rows(reader, query) : Json();
    }
    model["rows_exact"] = counted;
    const bool both = model["rows"].is_number() && model["documents"].is_number();
    model["difference"] = both ? Json(model["rows"].get<std::int64_t>() -
                                      model["documents"].get<std::int64_t>() -
                                      model["dead_letters"].get<std::int64_t>())
                               : Json();
    if (const auto known = figures.find(name); known != figures.end()) {
      add_figures(model, known->second);
    }
  }
  if (!found) return std::nullopt;
  Json page = {{"ready", obstacle.empty()},
               {"reason", obstacle.empty() ? Json() : Json(obstacle)},
               {"queue_bytes", metrics_.queue_bytes()}};
  page.update(report);
  return page.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace daas
