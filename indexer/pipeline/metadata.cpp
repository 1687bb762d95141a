#include "pipeline/metadata.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "core/column_list.hpp"

namespace daas {
namespace {

using nlohmann::json;

json parse_json(std::string_view text, const std::string& what) {
  auto value = json::parse(text, nullptr, false);
  if (value.is_discarded()) {
    throw Error(Remedy::kStop, what + " is not JSON", "ALTER EXTENSION daas UPDATE");
  }
  return value;
}

std::vector<std::size_t> key_positions(const Model& model, const json& names) {
  std::vector<std::size_t> positions;
  for (const auto& name : names) {
    const auto found = std::find_if(model.columns.begin(), model.columns.end(),
                                    [&](const Column& column) { return column.name == name; });
    if (found == model.columns.end()) {
      throw Error(Remedy::kStop, "the key of model " + model.name + " names a column that it does "
                                 "not have: " + name.get<std::string>(),
                  reload_statement(model.name));
    }
    positions.push_back(static_cast<std::size_t>(found - model.columns.begin()));
  }
  return positions;
}

Model::Delta::Mode delta_mode(std::string_view name) {
  if (name == "key") return Model::Delta::Mode::kKey;
  if (name == "query") return Model::Delta::Mode::kQuery;
  return Model::Delta::Mode::kRefresh;
}

}  // namespace

std::vector<Model> read_models(Connection& connection) {
  std::vector<Model> models;
  std::map<std::string, std::size_t, std::less<>> by_name;
  const auto rows = connection.run(
      "SELECT name, kind, columns::text, to_json(key)::text, load_query, fetch_query, revision,"
      " defined, paused, coalesce((options ->> 'shards')::int, 0),"
      " coalesce((options ->> 'replicas')::int, 0),"
      " coalesce((options ->> 'max_dead_letters')::int, 1000), to_json(functions)::text, views::text,"
      " by_outbox, NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'daas')"
      " FROM daas.model ORDER BY name");
  for (int row = 0; row < rows.rows(); ++row) {
    Model model;
    model.name = rows.text(row, 0);
    model.by_outbox = rows.boolean(row, 14);
    model.imported = rows.boolean(row, 15);
    // The outbox has what the deltas need, and no whole rows.
    model.projection = rows(row, 1) == "projection" && !model.by_outbox;
    model.columns = parse_columns(rows(row, 2));
    model.key = key_positions(model, parse_json(rows(row, 3), "daas.model.key"));
    model.load_query = rows.text(row, 4);
    model.fetch_query = rows.text(row, 5);
    model.revision = rows.integer(row, 6);
    model.defined = rows.integer(row, 7);
    model.paused = rows.boolean(row, 8);
    model.shards = static_cast<int>(rows.integer(row, 9));
    model.replicas = static_cast<int>(rows.integer(row, 10));
    model.max_dead_letters = static_cast<std::size_t>(rows.integer(row, 11));
    model.functions =
        parse_json(rows(row, 12), "daas.model.functions").get<std::vector<std::string>>();
    model.views = rows.text(row, 13);
    by_name.emplace(model.name, models.size());
    models.push_back(std::move(model));
  }
  const auto sources = connection.run(
      "SELECT s.model, s.relation::oid::bigint, s.relation::text, s.name FROM daas.source s"
      " ORDER BY s.model");
  for (int row = 0; row < sources.rows(); ++row) {
    const auto found = by_name.find(sources(row, 0));
    if (found == by_name.end()) continue;
    Model::Source source;
    source.relation_oid = static_cast<std::uint32_t>(sources.integer(row, 1));
    source.relation = sources.text(row, 2);
    source.name = sources.text(row, 3);
    models[found->second].sources.push_back(std::move(source));
  }
  const auto deltas = connection.run(
      "SELECT d.model, d.relation::oid::bigint, d.mode, d.columns::text, coalesce(d.query, '')"
      " FROM daas.delta d ORDER BY d.model, d.number");
  for (int row = 0; row < deltas.rows(); ++row) {
    const auto found = by_name.find(deltas(row, 0));
    if (found == by_name.end()) continue;
    Model::Delta delta;
    delta.relation_oid = static_cast<std::uint32_t>(deltas.integer(row, 1));
    delta.mode = delta_mode(deltas(row, 2));
    delta.columns = parse_json(deltas(row, 3), "daas.delta.columns").get<std::vector<std::string>>();
    delta.query = deltas.text(row, 4);
    models[found->second].deltas.push_back(std::move(delta));
  }
  return models;
}

bool told_of_ddl(Connection& connection) {
  return connection
      .run("SELECT count(*) = 3 FROM pg_event_trigger e JOIN pg_proc p ON p.oid = e.evtfoid"
           " JOIN pg_namespace n ON n.oid = p.pronamespace"
           " WHERE n.nspname = 'daas' AND p.proname = '_capture_ddl' AND e.evtenabled IN ('A', 'O')")
      .boolean(0, 0);
}

}  // namespace daas
