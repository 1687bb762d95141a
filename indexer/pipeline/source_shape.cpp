#include "pipeline/source_shape.hpp"

#include <string>

#include "core/array_text.hpp"
#include "core/error.hpp"
#include "pg/replication.hpp"
#include "pipeline/metadata.hpp"

namespace daas {
namespace {

/// For WITH: a table and its partitions as the session's snapshot sees them. pg_partition_tree() sees those of now, whose triggers
/// the snapshot may not see yet; it waits for their owners, too.
const std::string kParts =
    "RECURSIVE parts (oid) AS (SELECT $1::oid UNION ALL SELECT c.oid FROM parts JOIN pg_inherits i ON i.inhparent = parts.oid"
    " JOIN pg_class c ON c.oid = i.inhrelid AND c.relispartition)";

void check_columns(const Model& model, const Model::Source& source, SnapshotSession& session) {
  const auto reload = reload_statement(model.name);
  const auto rows = session.connection().run(
      "SELECT a.attname, format_type(a.atttypid, NULL), format('%I.%I', n.nspname, c.relname)"
      " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
      " WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped",
      {std::to_string(source.relation_oid)});
  if (rows.rows() == 0) {
    throw Error(Remedy::kStop,
                "table " + source.relation + " of model " + model.name + " was dropped",
                "SELECT daas.drop_model('" + model.name + "', cascade => true)");
  }
  // Another table may have its name by now, which the queries would read.
  if (model.imported && rows(0, 2) != source.name) {
    throw Error(Remedy::kStop, "table " + source.name + " of model " + model.name + " is called " + rows.text(0, 2) + " now", reload);
  }
  for (const auto& column : model.columns) {
    if (column.source.empty()) continue;
    int row = 0;
    while (row < rows.rows() && rows(row, 0) != column.source) ++row;
    if (row == rows.rows()) {
      throw Error(Remedy::kStop,
                  "table " + source.relation + " no longer has the column \"" + column.source +
                      "\" that model " + model.name + " reads",
                  "SELECT daas.alter_model('" + model.name +
                      "', query => '…') with a query over the table's present columns");
    }
    if (rows(row, 1) != column.pg_type) {
      throw Error(Remedy::kStop,
                  "column \"" + column.source + "\" of table " + source.relation +
                      " changed its type from " + column.pg_type + " to " + rows.text(row, 1),
                  reload);
    }
  }
}

/// Of a table and its partitions; daas._sync_outbox() keeps them where nobody hinders it.
void check_triggers(const Model& model, const Model::Source& source, SnapshotSession& session) {
  const auto subscription = session.connection().run(
      "WITH " + kParts + " SELECT min(s.subname) FROM pg_subscription_rel r JOIN pg_subscription s ON s.oid = r.srsubid"
      " WHERE r.srrelid IN (SELECT oid FROM parts)",
      {std::to_string(source.relation_oid)});
  if (!subscription.is_null(0, 0)) {
    throw Error(Remedy::kStop, "table " + source.relation + " gets changes of the subscription " + subscription.text(0, 0) +
                                   ", which fire no statement triggers",
                "SELECT daas.alter_model('" + model.name + "', options => '{\"capture\": \"logical\"}')");
  }
  const auto parent = session.connection().run(
      "SELECT min(inhparent::regclass::text) FROM pg_inherits WHERE inhrelid = $1::oid", {std::to_string(source.relation_oid)});
  if (!parent.is_null(0, 0)) {
    throw Error(Remedy::kStop, "table " + source.relation + " inherits from " + parent.text(0, 0) +
                                   ", whose statements change it without its triggers",
                "SELECT daas.alter_model('" + model.name + "', options => '{\"capture\": \"logical\"}')");
  }
  const auto rows = session.connection().run(
      "WITH " + kParts + " SELECT min(p.oid::regclass::text) FROM parts p JOIN pg_class c ON c.oid = p.oid AND c.relkind IN ('r', 'p')"
      " WHERE 4 > (SELECT count(*) FROM pg_trigger t WHERE t.tgrelid = p.oid AND t.tgname LIKE 'daas\\_outbox\\_%' AND t.tgenabled = 'A')",
      {std::to_string(source.relation_oid)});
  if (rows.is_null(0, 0)) return;
  throw Error(Remedy::kStop, "table " + rows.text(0, 0) + " lacks triggers of the outbox: its changes are not captured", reload_statement(model.name));
}

/// Changes of what is not logged, and of what is no member of the publication, are not in the stream.
void check_captured(const Model& model, const Model::Source& source, SnapshotSession& session, const std::string& plugin) {
  const auto rows = session.connection().run(
      "WITH " + kParts +
      " SELECT (SELECT c.oid::regclass FROM parts JOIN pg_class c USING (oid) WHERE c.relpersistence <> 'p' ORDER BY 1 LIMIT 1),"
      "  (SELECT relrowsecurity FROM pg_class WHERE oid = $1::oid),"
      "  EXISTS (SELECT FROM pg_publication_tables t JOIN pg_class c ON c.relname = t.tablename"
      "    JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = t.schemaname"
      "   WHERE t.pubname = 'daas' AND c.oid = $1::oid),"
      "  EXISTS (SELECT FROM pg_publication WHERE pubname = 'daas'), $1::oid::regclass,"
      "  EXISTS (SELECT FROM pg_publication WHERE pubname = 'daas' AND pubupdate AND pubdelete AND pubtruncate),"
      "  (SELECT relkind = 'p' FROM pg_class WHERE oid = $1::oid)",
      {std::to_string(source.relation_oid)});
  const auto reload = reload_statement(model.name);
  const auto table = rows.text(0, 4);
  if (!rows.is_null(0, 0)) {
    const auto part = rows.text(0, 0);
    throw Error(Remedy::kStop,
                "table " + part + " is UNLOGGED: the WAL does not tell of its changes",
                "ALTER TABLE " + part + " SET LOGGED; " + reload);
  }
  if (rows.boolean(0, 1)) {
    throw Error(Remedy::kStop,
                "table " + table + " has row security, so what its rows are depends on who asks",
                "ALTER TABLE " + table + " DISABLE ROW LEVEL SECURITY; " + reload);
  }
  if (rows.boolean(0, 6) && !told_of_ddl(session.connection())) {
    throw Error(Remedy::kStop, "table " + table + " is partitioned, and no event triggers tell when its partitions come and go",
                "ALTER EVENT TRIGGER daas_ddl_command_end ENABLE ALWAYS and the same of daas_sql_drop and daas_table_rewrite; " + reload);
  }
  if (model.by_outbox) {
    check_triggers(model, source, session);
    return;
  }
  if (!rows.boolean(0, 2)) {
    throw Error(Remedy::kStop,
                rows.boolean(0, 3)
                    ? "table " + table + " is no longer in the publication daas: its changes are not "
                                         "captured"
                    : "the publication daas was dropped or renamed: no change is captured",
                reload);
  }
  if (plugin == kPgoutput && !rows.boolean(0, 5)) {
    throw Error(Remedy::kStop, "the publication daas no longer publishes UPDATE and DELETE, which pgoutput needs",
                "SELECT daas.use_decoder('pgoutput'); " + reload);
  }
}

/// Of a model over one table, whose rows are the documents; the rows of a query are counted when they
/// are fetched.
void check_key(const Model& model, SnapshotSession& session) {
  std::vector<std::string> key;
  for (const auto position : model.key) {
    if (model.columns[position].source.empty()) return;
    key.push_back(model.columns[position].source);
  }
  const auto& source = model.sources.at(0);
  const auto rows = session.connection().run(
      "SELECT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = $1::oid AND i.indisunique"
      "  AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL"
      "  AND NOT EXISTS (SELECT FROM generate_series(0, i.indnkeyatts - 1) p"
      "    LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[p]"
      "      AND a.attname = ANY ($2::text[]) WHERE a.attname IS NULL)),"
      " format('ALTER TABLE %s ADD PRIMARY KEY (%s)', $1::oid::regclass,"
      "  (SELECT string_agg(quote_ident(k), ', ') FROM unnest($2::text[]) k))",
      {std::to_string(source.relation_oid), array_text(key)});
  if (rows.boolean(0, 0)) return;
  // Rows that share a key would share a document.
  throw Error(Remedy::kStop,
              "no unique index of table " + source.relation + " covers the key of model " +
                  model.name + " any more",
              rows.text(0, 1) + "; " + reload_statement(model.name));
}

/// One that is replaced may have become one whose result depends on more than its arguments.
void check_functions(const Model& model, SnapshotSession& session) {
  const auto rows = session.connection().run(
      "SELECT p.oid::regprocedure, p.provolatile = 'v' FROM unnest($1::text[]) f"
      " JOIN pg_proc p ON p.oid = to_regprocedure(f) WHERE p.provolatile <> 'i' ORDER BY 1 LIMIT 1",
      {array_text(model.functions)});
  if (rows.rows() == 0) return;
  const auto function = rows.text(0, 0);
  throw Error(Remedy::kStop,
              "function " + function + " of the query of model " + model.name + " became " +
                  (rows.boolean(0, 1) ? "VOLATILE" : "STABLE") +
                  ": its result may change without any change of a row",
              "ALTER FUNCTION " + function + " IMMUTABLE; " + reload_statement(model.name));
}

/// The queries hold those of views as they were. A view that is replaced defines the model anew; where
/// that failed, the queries would run on, but no longer be what the model's query says.
void check_views(const Model& model, SnapshotSession& session) {
  const auto rows = session.connection().run(
      "SELECT v ->> 'view', to_regclass(v ->> 'view') IS NULL"
      "  FROM jsonb_array_elements($1::jsonb) v"
      " WHERE pg_get_viewdef(to_regclass(v ->> 'view')) IS DISTINCT FROM v ->> 'definition' LIMIT 1",
      {model.views});
  if (rows.rows() == 0) return;
  throw Error(Remedy::kStop,
              "view " + rows.text(0, 0) + " of model " + model.name +
                  (rows.boolean(0, 1) ? " was dropped" : " was replaced by one that it can't follow"),
              "SELECT daas.alter_model('" + model.name +
                  "', query => '…'), or mend the view, then " + reload_statement(model.name));
}

/// They must still run (functions, privileges), and the values be of the types that the documents have.
/// LIMIT 0 starts them only: without keys some would compute everything.
void check_queries(const Model& model, SnapshotSession& session) {
  const std::vector<Parameter> no_keys(model.key.size(), Parameter{"{}"});
  const auto rows = session.connection().run(model.fetch_query + " LIMIT 0", no_keys);
  for (std::size_t i = 0; i < model.columns.size(); ++i) {
    const auto& column = model.columns[i];
    const auto type = value_type_of(rows.type(static_cast<int>(i)));
    if (column.type == ValueType::kWrapped || is_user_type(column) || type == column.type) continue;
    throw Error(Remedy::kStop,
                "column \"" + column.name + "\" of the query of model " + model.name +
                    " no longer has the type " + column.pg_type,
                reload_statement(model.name));
  }
  for (const auto& delta : model.deltas) {
    if (delta.mode != Model::Delta::Mode::kQuery) continue;
    const std::vector<Parameter> no_images(delta.columns.size(), Parameter{"{}"});
    session.connection().run(delta.query + " LIMIT 0", no_images);
  }
}

}  // namespace

void check_shape(const Model& model, SnapshotSession& session, const std::string& plugin) {
  for (const auto& source : model.sources) {
    check_columns(model, source, session);
    check_captured(model, source, session, plugin);
  }
  check_key(model, session);
  check_functions(model, session);
  check_views(model, session);
  check_queries(model, session);
}

}  // namespace daas
