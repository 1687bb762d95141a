// Whether the daemon gets in: pass files, pg_hba.conf, TLS.
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <map>
#include <utility>

#include "check/postgres_check.hpp"

namespace daas {
namespace {

using Settings = std::map<std::string, std::string, std::less<>>;

void add(Settings& settings, PQconninfoOption* options) {
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> owner(options, &PQconninfoFree);
  for (auto* option = options; option && option->keyword; ++option) {
    if (option->val) settings[option->keyword] = option->val;
  }
}

/// What libpq will go by: its defaults and the environment, then the connection string.
Settings settings_of(const std::string& conninfo) {
  Settings settings;
  add(settings, PQconndefaults());
  add(settings, PQconninfoParse(conninfo.c_str(), nullptr));
  if (settings["dbname"].empty()) settings["dbname"] = settings["user"];
  return settings;
}

bool is_local(PGconn* connection) {
  const std::string host = PQhost(connection) ? PQhost(connection) : "";
  const std::string address = PQhostaddr(connection) ? PQhostaddr(connection) : "";
  return host.starts_with('/') || host.starts_with('@') || address.starts_with("127.") || address == "::1";
}

std::string quoted(const std::string& name) {
  std::string text = "\"";
  for (const char c : name) text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return text + '"';
}

/// libpq gives no SQLSTATE for a refused connection, only words. A wrong guess costs the hint.
std::string mend(std::string_view words, Settings settings) {
  const auto says = [&](std::string_view part) { return words.find(part) != std::string_view::npos; };
  const auto& user = settings["user"];
  const auto& database = settings["dbname"];
  if (says("no pg_hba.conf entry") || says("pg_hba.conf rejects")) {
    return "add `host " + database + " " + user +
           " ADDRESS/32 scram-sha-256` to pg_hba.conf, then SELECT pg_reload_conf();";
  }
  if (says("password")) {
    return "psql -c '\\password " + user + "', and the same password into the file of passfile= as `" +
           settings["host"] + ":" + settings["port"] + ":" + database + ":" + user + ":PASSWORD`";
  }
  if (says("certificate") || says("SSL")) {
    return "sslrootcert=FILE must hold the CA of the server's certificate, and host= the name in it; "
           "ssl = on in postgresql.conf";
  }
  if (says("database") && says("does not exist")) {
    return "CREATE DATABASE " + quoted(database) + " ENCODING 'UTF8' TEMPLATE template0;";
  }
  if (says("role") && says("does not exist")) return "CREATE ROLE " + quoted(user) + " LOGIN;";
  if (says("not permitted to log in")) return "ALTER ROLE " + quoted(user) + " LOGIN;";
  if (says("permission denied for database")) {
    return "GRANT CONNECT ON DATABASE " + quoted(database) + " TO " + quoted(user) + ";";
  }
  return "pg_isready -h " + settings["host"] + " -p " + settings["port"] +
         "; listen_addresses in postgresql.conf";
}

void tell_encryption(const std::string& option, PGconn* connection, Findings& findings) {
  const std::string use = "hostssl in pg_hba.conf, sslmode=verify-full sslrootcert=FILE in " + option;
  if (!PQsslInUse(connection)) {
    if (is_local(connection)) return;
    findings.warn(option + ", encryption", "rows and logins cross the network in the clear", use);
    return;
  }
  Settings settings;
  add(settings, PQconninfo(connection));
  const auto mode = settings["sslmode"];
  const std::string protocol = PQsslAttribute(connection, "protocol");
  if (mode == "verify-full" || is_local(connection)) {
    findings.ok(option + ", encryption", protocol + ", sslmode=" + mode);
  } else {
    findings.warn(option + ", encryption",
                  protocol + ", but sslmode=" + mode + " does not check who the server is", use);
  }
}

}  // namespace

void check_pass_file(const std::string& option, const std::string& conninfo, Findings& findings) {
  const auto settings = settings_of(conninfo);
  const auto named = settings.find("passfile");
  if (named == settings.end() || named->second.empty() || settings.contains("password")) return;
  const auto& path = named->second;
  const auto what = option + ", pass file " + path;
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    // The default, ~/.pgpass, need not be there.
    if (conninfo.find("passfile") == std::string::npos) return;
    findings.fail(what, "is not there", "install -m 600 /dev/null " + path +
                                            ", then a line HOST:PORT:DATABASE:USER:PASSWORD");
  } else if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    findings.fail(what, "others can read it, so libpq ignores it", "chmod 600 " + path);
  } else if (access(path.c_str(), R_OK) != 0) {
    findings.fail(what, "can't be read", "chown " + std::to_string(geteuid()) + " " + path);
  } else {
    findings.ok(what, "readable by its owner only");
  }
}

std::optional<RoleSession> check_session(const std::string& option, const std::string& conninfo,
                                         Session kind, Findings& findings) {
  try {
    RoleSession session;
    session.connection =
        std::make_unique<Connection>(conninfo, "daas-indexer check", kind, nullptr);
    auto& connection = *session.connection;
    connection.run("SET statement_timeout = '10s'");
    const auto rows = connection.run(
        "SELECT rolname, rolsuper, rolreplication, current_database() FROM pg_roles"
        " WHERE rolname = current_user");
    session.role = rows.text(0, 0);
    session.superuser = rows.boolean(0, 1);
    session.replication = rows.boolean(0, 2);
    auto* const raw = connection.raw();
    findings.ok(option, "role " + session.role + ", database " + rows.text(0, 3) + " on " +
                            PQhost(raw) + ":" + PQport(raw));
    tell_encryption(option, raw, findings);
    return session;
  } catch (const Error& error) {
    findings.fail(option, error.what(), mend(error.what(), settings_of(conninfo)));
    return std::nullopt;
  }
}

void check_physical_replication(const RoleSession& session, const std::string& conninfo,
                                Findings& findings) {
  if (!session.replication && !session.superuser) return;
  const std::array<const char*, 4> keywords{"dbname", "replication", "connect_timeout", nullptr};
  const std::array<const char*, 4> values{conninfo.c_str(), "true", "10", nullptr};
  const std::unique_ptr<PGconn, decltype(&PQfinish)> physical(
      PQconnectdbParams(keywords.data(), values.data(), 1), &PQfinish);
  const std::string what = "pg_hba.conf, physical replication";
  if (PQstatus(physical.get()) != CONNECTION_OK) {
    findings.ok(what, "refused for " + session.role);
    return;
  }
  findings.warn(what, session.role + " can copy the whole cluster, with all of its databases",
                "put `host replication " + session.role + " 0.0.0.0/0 reject` and the same with ::/0 before "
                "the other lines of pg_hba.conf, then SELECT pg_reload_conf();");
}

}  // namespace daas
