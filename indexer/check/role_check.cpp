// What the daemon's three roles may do, and must not.
#include <utility>

#include "check/postgres_check.hpp"
#include "core/array_text.hpp"
#include "pg/replication.hpp"

namespace daas {
namespace {

/// Of `daas`, by oids: a name would raise where the role lacks USAGE on the schema.
constexpr const char* kMissingRights = R"(
SELECT string_agg(missing, ', ') FROM (
  SELECT 'USAGE on schema daas' AS missing WHERE NOT has_schema_privilege('daas', 'USAGE')
  UNION ALL
  SELECT p.privilege || ' on daas.' || c.relname
    FROM unnest($1::text[], $2::text[]) p(relation, privilege)
    JOIN pg_class c ON c.relname = p.relation
    JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'daas'
   WHERE NOT CASE WHEN c.relkind = 'S' THEN has_sequence_privilege(c.oid, p.privilege)
                  ELSE has_table_privilege(c.oid, p.privilege) END
  UNION ALL
  SELECT 'EXECUTE on daas.' || f.proname
    FROM pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace AND n.nspname = 'daas'
   WHERE f.proname = $3 AND NOT has_function_privilege(f.oid, 'EXECUTE')) x)";

std::string grant(const std::string& role, const std::string& member) {
  return "SELECT daas.grant_role('" + role + "', '" + member + "');";
}

void check_equipment(RoleSession& session, const std::string& role,
                     const std::vector<std::pair<std::string, std::string>>& rights,
                     const std::string& function, Findings& findings) {
  std::vector<std::string> relations;
  std::vector<std::string> privileges;
  for (const auto& [relation, privilege] : rights) {
    relations.push_back(relation);
    privileges.push_back(privilege);
  }
  const auto missing = session.connection
                           ->run(kMissingRights, {array_text(relations), array_text(privileges), function})
                           .text(0, 0);
  const auto what = "role " + session.role + ", rights of daas." + role;
  if (missing.empty()) {
    findings.ok(what);
  } else {
    findings.fail(what, "lacks " + missing, grant(role, session.role));
  }
}

void check_publication(RoleSession& session, const PostgresPlan& plan, Findings& findings) {
  const auto rows = session.connection->run(
      "SELECT (SELECT count(*) FROM pg_publication WHERE pubname = $1),"
      " string_agg(DISTINCT c.oid::regclass::text, ', ')"
      " FROM daas.source s JOIN pg_class c ON c.oid = s.relation JOIN daas.model m ON m.name = s.model"
      " WHERE NOT m.by_outbox AND NOT EXISTS (SELECT FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid"
      "                    WHERE p.pubname = $1 AND r.prrelid = c.oid)",
      {plan.publication});
  if (plan.plugin == kPgoutput) {
    const auto all = session.connection->run(
        "SELECT coalesce(bool_or(pubinsert AND pubupdate AND pubdelete AND pubtruncate), false) FROM pg_publication WHERE pubname = $1",
        {plan.publication});
    if (!all.boolean(0, 0)) {
      findings.fail("publication " + plan.publication, "is not there yet, or publishes no UPDATE and DELETE, which pgoutput needs",
                    "SELECT daas.use_decoder('pgoutput');");
      return;
    }
  }
  if (rows.is_null(0, 1)) {
    findings.ok("publication " + plan.publication, rows.integer(0, 0) == 0 ? "comes with the first model" : "has every table of a model");
  } else {
    findings.fail("publication " + plan.publication, "lacks " + rows.text(0, 1) + ": changes there are not captured",
                  (rows.integer(0, 0) == 0
                       ? "CREATE PUBLICATION " + plan.publication + " FOR TABLE " + rows.text(0, 1) + " WITH (publish = 'insert')"
                       : "ALTER PUBLICATION " + plan.publication + " ADD TABLE " + rows.text(0, 1)) +
                      "; then daas.reload_model for their models");
  }
}

}  // namespace

std::vector<Source> check_replication_role(RoleSession& session, const PostgresPlan& plan, bool decodes,
                                           Findings& findings) {
  const auto what = "role " + session.role + ", REPLICATION";
  if (session.superuser) {
    findings.warn("role " + session.role, "is a superuser; the daemon needs far less",
                  "CREATE ROLE daas_replication LOGIN REPLICATION; " + grant("replication", "daas_replication"));
  } else if (session.replication || !decodes) {
    findings.ok(what, decodes ? "" : "is not needed");
  } else {
    findings.fail(what, "the attribute is missing: it can't read the slot",
                  "ALTER ROLE \"" + session.role + "\" REPLICATION;");
  }
  std::vector<std::pair<std::string, std::string>> rights{{"generation_seq", "USAGE"}};
  for (const auto* table : {"model", "source", "api", "daemon", "progress", "collection", "generation",
                            "served_api"}) {
    rights.emplace_back(table, "SELECT");
  }
  for (const auto* table : {"refused_document", "outbox"}) rights.emplace_back(table, "SELECT");
  for (const auto* table : {"outbox", "outbox_reader", "outbox_bell"}) rights.emplace_back(table, "DELETE");
  rights.emplace_back("outbox_bell", "INSERT");
  for (const auto* table : {"daemon", "progress", "collection", "generation", "refused_document"}) {
    for (const auto* privilege : {"INSERT", "UPDATE", "DELETE"}) rights.emplace_back(table, privilege);
  }
  const int before = findings.failures();
  check_equipment(session, "replication", rights, "status", findings);
  if (findings.failures() > before) return {};
  if (decodes) check_publication(session, plan, findings);
  const auto rows = session.connection->run(
      "SELECT DISTINCT c.oid, c.oid::regclass::text FROM daas.source s JOIN pg_class c ON c.oid = s.relation ORDER BY 2");
  std::vector<Source> sources;
  for (int row = 0; row < rows.rows(); ++row) sources.push_back({rows.text(row, 0), rows.text(row, 1)});
  return sources;
}

void check_reader_role(RoleSession& session, const std::vector<Source>& sources, Findings& findings) {
  if (session.superuser) {
    findings.warn("role " + session.role, "is a superuser; functions in models' queries run as it",
                  "CREATE ROLE daas_reader LOGIN; " + grant("reader", "daas_reader"));
  }
  check_equipment(session, "reader", {}, "", findings);
  std::vector<std::string> oids;
  for (const auto& source : sources) oids.push_back(source.oid);
  const auto rows = session.connection->run(
      "SELECT c.oid::regclass::text, has_table_privilege(c.oid, 'SELECT'), has_schema_privilege(n.oid, 'USAGE'),"
      " row_security_active(c.oid), quote_ident(n.nspname)"
      " FROM unnest($1::oid[]) s(oid) JOIN pg_class c ON c.oid = s.oid JOIN pg_namespace n ON n.oid = c.relnamespace"
      " ORDER BY 1",
      {array_text(oids)});
  const auto role = "\"" + session.role + "\"";
  bool good = true;
  const auto bad = [&](const std::string& table, const std::string& why, const std::string& run) {
    good = false;
    findings.fail("role " + session.role + ", table " + table, why, run);
  };
  for (int row = 0; row < rows.rows(); ++row) {
    const auto table = rows.text(row, 0);
    if (!rows.boolean(row, 2)) {
      bad(table, "no USAGE on its schema", "GRANT USAGE ON SCHEMA " + rows.text(row, 4) + " TO " + role + ";");
    }
    if (!rows.boolean(row, 1)) bad(table, "no SELECT", "GRANT SELECT ON TABLE " + table + " TO " + role + ";");
    if (rows.boolean(row, 3)) {
      bad(table, "row level security is on: a document is the same for everybody, so loads are refused",
          "ALTER TABLE " + table + " DISABLE ROW LEVEL SECURITY; or daas.drop_model");
    }
  }
  if (good) {
    findings.ok("role " + session.role + ", tables of models",
                std::to_string(rows.rows()) + (rows.rows() == 1 ? " can" : " can all") + " be read");
  }
}

namespace {

/// Tables and views of users that the role can read, and by whose grant.
constexpr const char* kVisible = R"(
SELECT c.oid::regclass::text,
       n.nspname = 'daas' OR EXISTS (SELECT FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid
                                      WHERE p.pubname = 'daas' AND r.prrelid = c.oid)
         OR EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname LIKE 'daas\_outbox\_%'),
       coalesce((SELECT CASE WHEN a.grantee = 0 THEN format('REVOKE SELECT ON TABLE %s FROM PUBLIC;', c.oid::regclass)
                             WHEN a.grantee = u.oid AND c.relowner = u.oid THEN format('ALTER TABLE %s OWNER TO …;', c.oid::regclass)
                             WHEN a.grantee = u.oid THEN format('REVOKE SELECT ON TABLE %s FROM %I;', c.oid::regclass, u.rolname)
                             ELSE format('REVOKE %I FROM %I;', pg_get_userbyid(a.grantee), u.rolname) END
                   FROM aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a
                  WHERE a.privilege_type = 'SELECT' AND (a.grantee = 0 OR pg_has_role(u.oid, a.grantee, 'USAGE'))
                  ORDER BY a.grantee = u.oid DESC, a.grantee = 0 DESC LIMIT 1),
                format('REVOKE SELECT ON TABLE %s FROM %I, PUBLIC;', c.oid::regclass, u.rolname))
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, pg_roles u
 WHERE u.rolname = current_user AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
   AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
   AND NOT (n.nspname = 'daas' AND c.relname = 'served_api')
   AND has_schema_privilege(n.oid, 'USAGE') AND has_any_column_privilege(c.oid, 'SELECT')
 ORDER BY 2 DESC, n.nspname = 'daas', 1)";

}  // namespace

void check_server_role(RoleSession& session, Findings& findings) {
  const auto what = "role " + session.role;
  if (session.superuser) {
    findings.fail(what, "is a superuser and faces the internet",
                  "CREATE ROLE daas_server LOGIN; " + grant("server", "daas_server"));
    return;
  }
  if (session.replication) {
    findings.fail(what, "has REPLICATION, by which it can read all WAL, and faces the internet",
                  "ALTER ROLE \"" + session.role + "\" NOREPLICATION;");
  }
  check_equipment(session, "server", {{"served_api", "SELECT"}}, "login", findings);
  const auto rows = session.connection->run(kVisible);
  if (rows.rows() == 0) {
    findings.ok(what + ", tables", "sees none");
    return;
  }
  constexpr int kShown = 5;
  for (int row = 0; row < rows.rows() && row < kShown; ++row) {
    const auto table = what + ", table " + rows.text(row, 0);
    if (rows.boolean(row, 1)) {
      findings.fail(table, "can be read by the role that faces the internet", rows.text(row, 2));
    } else {
      findings.warn(table, "can be read by the role that faces the internet", rows.text(row, 2));
    }
  }
  if (rows.rows() > kShown) {
    findings.warn(what + ", tables", "can read " + std::to_string(rows.rows() - kShown) + " more", {});
  }
}

}  // namespace daas
