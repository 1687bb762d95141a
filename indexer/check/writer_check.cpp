// What the role that writes through APIs may do, and must not.
#include "check/postgres_check.hpp"

namespace daas {
namespace {

/// $1: the targets of daas.served_api. By pg_class, since a name would raise where the role lacks its schema.
constexpr const char* kMissing = R"(
WITH target AS (
  SELECT c.oid, n.oid AS schema, quote_ident(n.nspname) AS schema_name, a ->> 'relation' AS relation, a
    FROM jsonb_array_elements($1::jsonb) a JOIN pg_class c ON true
    JOIN pg_namespace n ON n.oid = c.relnamespace AND format('%I.%I', n.nspname, c.relname) = a ->> 'relation'
), needed AS (
  SELECT t.oid, t.relation, 'SELECT' AS privilege, c ->> 'source' AS source FROM target t, jsonb_array_elements(t.a -> 'columns') c
  UNION
  SELECT t.oid, t.relation, upper(w), c ->> 'source' FROM target t, jsonb_array_elements(t.a -> 'columns') c, jsonb_array_elements_text(t.a -> 'writes') w
   WHERE w <> 'delete' AND (c -> 'field')::boolean AND (c -> 'writable')::boolean
)
SELECT string_agg(missing, ', ' ORDER BY missing), (SELECT count(DISTINCT oid) FROM target) FROM (
  SELECT DISTINCT 'USAGE on schema ' || schema_name AS missing FROM target WHERE NOT has_schema_privilege(schema, 'USAGE')
  UNION
  SELECT privilege || ' on ' || relation || ' (' || string_agg(source, ', ' ORDER BY source) || ')' FROM needed
   WHERE NOT has_column_privilege(oid, source, privilege) GROUP BY privilege, relation
  UNION
  SELECT 'DELETE on ' || relation FROM target WHERE a -> 'writes' ? 'delete' AND NOT has_table_privilege(oid, 'DELETE')
) x)";

}  // namespace

std::string write_targets(RoleSession& server) {
  return server.connection->run("SELECT coalesce(json_agg(target), '[]') FROM daas.served_api WHERE target IS NOT NULL").text(0, 0);
}

void check_writer_role(RoleSession& session, const std::string& targets, Findings& findings) {
  const auto what = "role " + session.role;
  const auto grant = "SELECT daas.grant_role('writer', '" + session.role + "');";
  if (session.superuser) {
    findings.fail(what, "is a superuser and writes what the internet sends",
                  "CREATE ROLE daas_writer LOGIN; SELECT daas.grant_role('writer', 'daas_writer');");
    return;
  }
  if (session.replication) {
    findings.fail(what, "has REPLICATION, by which it can read all WAL, and writes what the internet sends",
                  "ALTER ROLE \"" + session.role + "\" NOREPLICATION;");
  }
  const auto rows = session.connection->run(kMissing, {targets});
  if (rows.is_null(0, 0)) {
    const auto tables = rows.integer(0, 1);
    findings.ok(what + ", tables of writing APIs",
                tables == 0 ? "no API allows writes yet" : std::to_string(tables) + (tables == 1 ? " can be written" : " can all be written"));
  } else {
    findings.fail(what + ", tables of writing APIs", "lacks " + rows.text(0, 0), grant);
  }
}

}  // namespace daas
