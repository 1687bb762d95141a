#include "check/postgres_check.hpp"

namespace daas {
namespace {

/// An error within a part is told, and the other parts go on.
template <typename Part>
void guarded(const std::string& what, Findings& findings, const Part& part) {
  try {
    part();
  } catch (const Error& error) {
    findings.fail(what, error.what(), error.hint());
  }
}

DatabaseIdentity identity_of(Connection& connection) {
  const auto rows = connection.run(
      "SELECT d.datname, concat((SELECT system_identifier FROM pg_control_system())::numeric, '/', d.oid)"
      " FROM pg_database d WHERE d.datname = current_database()");
  return {rows.text(0, 0), rows.text(0, 1)};
}

/// Whether any model, there already or to come, needs a slot.
bool decodes(Connection& connection) {
  // By oids: a name would raise where the role lacks USAGE on the schema.
  const auto readable = connection.run(
      "SELECT has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')"
      " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'daas' AND c.relname = 'model'");
  if (readable.rows() == 0 || !readable.boolean(0, 0)) return true;
  return connection
      .run("SELECT count(*) FILTER (WHERE NOT by_outbox) > 0 OR count(*) = 0 FROM daas.model")
      .boolean(0, 0);
}

}  // namespace

std::optional<DatabaseIdentity> check_postgres(const PostgresPlan& plan, Findings& findings) {
  std::optional<DatabaseIdentity> identity;
  std::vector<Source> sources;
  if (plan.index) {
    check_pass_file("--pg-replication", plan.replication, findings);
    if (auto session = check_session("--pg-replication", plan.replication, Session::kPlain, findings)) {
      guarded("PostgreSQL", findings, [&] {
        identity = identity_of(*session->connection);
        const bool by_slot = decodes(*session->connection);
        const auto slot = check_server(*session, plan, by_slot, findings);
        const bool extension = check_extension(*session, plan, findings);
        if (extension) sources = check_replication_role(*session, plan, by_slot, findings);
        if (by_slot) check_physical_replication(*session, plan.replication, findings);
        if (extension && slot.plugin_can_be_tried) check_plugin(*session, plan, findings);
      });
    }
    if (plan.reader != plan.replication) check_pass_file("--pg-reader", plan.reader, findings);
    if (auto session = check_session("--pg-reader", plan.reader, Session::kReader, findings)) {
      guarded("rights of the reader", findings,
              [&] { check_reader_role(*session, sources, findings); });
    }
  }
  std::string targets = "[]";
  if (plan.serve) {
    check_pass_file("--pg-server", plan.server, findings);
    if (auto session = check_session("--pg-server", plan.server, Session::kPlain, findings)) {
      guarded("rights of the server", findings, [&] {
        if (plan.index || check_extension(*session, plan, findings)) {
          const int before = findings.failures();
          check_server_role(*session, findings);
          if (findings.failures() == before) targets = write_targets(*session);
        }
      });
    }
  }
  if (plan.serve && !plan.writer.empty()) {
    check_pass_file("--pg-writer", plan.writer, findings);
    if (auto session = check_session("--pg-writer", plan.writer, Session::kPlain, findings)) {
      guarded("rights of the writer", findings, [&] { check_writer_role(*session, targets, findings); });
    }
  }
  return identity;
}

}  // namespace daas
