#include "pg/installation.hpp"

namespace daas {

Installation::Fault Installation::fault(const std::string& expected_version) const {
  if (!untrusted_owner.empty()) {
    return {"the schema daas of database " + database + " belongs to the role " + untrusted_owner +
                ", which doesn't own the database",
            "Drop it, and have daas--sql-only.sql run by the database's owner or a superuser"};
  }
  if (plain && version.empty()) {
    return {"daas is installed as plain SQL in database " + database + ", whose version this role may not ask for",
            "Run what is said of the role's rights: SELECT daas.grant_role(…)"};
  }
  if (version.empty()) {
    return {"the extension daas is not installed in database " + database + ", nor its plain SQL", "CREATE EXTENSION daas;"};
  }
  if (version == expected_version) return {};
  if (plain) {
    return {"daas is installed as plain SQL of version " + version + ", this daemon needs " + expected_version,
            "Run SELECT daas.uninstall(); DROP SCHEMA daas CASCADE; then daas--sql-only.sql of version " + expected_version};
  }
  return {"the extension daas has version " + version + ", this daemon needs " + expected_version,
          "ALTER EXTENSION daas UPDATE TO '" + expected_version + "';"};
}

Installation find_installation(Connection& connection) {
  const auto rows = connection.run(
      "SELECT (SELECT extversion FROM pg_extension WHERE extname = 'daas'), d.datname,"
      " (SELECT has_schema_privilege(n.oid, 'USAGE') AND has_function_privilege(p.oid, 'EXECUTE')"
      "    FROM pg_proc p WHERE p.pronamespace = n.oid AND p.proname = 'version' AND p.pronargs = 0),"
      " CASE WHEN NOT r.rolsuper AND NOT pg_has_role(r.oid, d.datdba, 'MEMBER') THEN r.rolname END"
      " FROM pg_database d LEFT JOIN (pg_namespace n JOIN pg_roles r ON r.oid = n.nspowner) ON n.nspname = 'daas'"
      " WHERE d.datname = current_database()");
  Installation found;
  found.version = rows.text(0, 0);
  found.database = rows.text(0, 1);
  found.plain = found.version.empty() && !rows.is_null(0, 2);
  if (!found.plain) return found;
  found.untrusted_owner = rows.text(0, 3);
  if (found.untrusted_owner.empty() && rows.boolean(0, 2)) found.version = connection.run("SELECT daas.version()").text(0, 0);
  return found;
}

}  // namespace daas
