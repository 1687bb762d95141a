// What the database's server must be set to.
#include <chrono>
#include <map>

#include "check/postgres_check.hpp"
#include "pg/installation.hpp"
#include "pg/replication.hpp"

namespace daas {
namespace {

using std::chrono::milliseconds;

constexpr int kTestedVersion = 15;
/// Creating a slot waits for every open transaction; the plugin is checked before that.
constexpr std::chrono::seconds kPluginWait{3};

constexpr const char* kPluginList = "output_plugin_libraries";
constexpr const char* kOtherPlugins = "pgoutput, test_decoding";

using Settings = std::map<std::string, std::string, std::less<>>;

Settings read_settings(Connection& connection) {
  const auto rows = connection.run(
      "SELECT name, setting FROM pg_settings WHERE name IN ('wal_level', 'max_replication_slots',"
      " 'max_wal_senders', 'max_slot_wal_keep_size', 'output_plugin_libraries', 'server_version',"
      " 'server_version_num', 'server_encoding', 'max_connections', 'superuser_reserved_connections')");
  Settings settings;
  for (int row = 0; row < rows.rows(); ++row) settings[rows.text(row, 0)] = rows.text(row, 1);
  return settings;
}

void check_version(Settings& settings, Findings& findings) {
  const auto& version = settings["server_version"];
  const int major = std::stoi(settings["server_version_num"]) / 10000;
  if (major < kTestedVersion) {
    findings.fail("PostgreSQL's version", version + "; daas needs PostgreSQL 15", "pg_upgrade");
  } else if (major > kTestedVersion) {
    findings.warn("PostgreSQL's version", version + "; daas is tested with PostgreSQL 15", {});
  } else {
    findings.ok("PostgreSQL's version", version);
  }
  if (settings["server_encoding"] == "UTF8") {
    findings.ok("encoding of the database", "UTF8");
  } else {
    findings.fail("encoding of the database",
                  settings["server_encoding"] + "; the plugin sends values as they are, and documents are UTF-8",
                  "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0; and move the tables");
  }
}

/// The names of a list setting. One name that holds commas is what a quoted list became.
bool lists(const std::string& setting, const std::string& plugin) {
  std::string name;
  for (const char c : setting + ",") {
    if (c == ',') {
      if (name == plugin) return true;
      name.clear();
    } else if (c != ' ') {
      name += c;
    }
  }
  return false;
}

enum class PluginList { kGood, kBad, kHidden };

/// The setting is shown to superusers and members of pg_read_all_settings only; to others its being
/// there shows by another error than that of an unknown name.
bool is_hidden(Connection& connection) {
  try {
    connection.run("SELECT current_setting('output_plugin_libraries', true)");
    return false;
  } catch (const PgError& error) {
    constexpr const char* kInsufficientPrivilege = "42501";
    if (error.sqlstate() != kInsufficientPrivilege) throw;
    return true;
  }
}

std::string list_with(const std::string& others, const std::string& plugin) {
  return lists(others, plugin) ? others : others + ", " + plugin;
}

PluginList check_plugin_list(RoleSession& session, Settings& settings, const std::string& plugin, Findings& findings) {
  const auto list = settings.find("output_plugin_libraries");
  if (list == settings.end()) {
    if (is_hidden(*session.connection)) return PluginList::kHidden;
    findings.ok(kPluginList, "this server has no such setting");
    return PluginList::kGood;
  }
  if (lists(list->second, plugin)) {
    findings.ok(kPluginList, list->second);
    return PluginList::kGood;
  }
  const bool quoted = list->second.find('"') != std::string::npos;
  fail_plugin_list(session.role, plugin, "is " + list->second,
                   quoted || list->second.empty() ? kOtherPlugins : list->second, findings);
  return PluginList::kBad;
}

std::string change(const std::string& setting, const std::string& value) {
  return "ALTER SYSTEM SET " + setting + " = " + value + "; then restart PostgreSQL";
}

/// Whether a place is free; `mine` when one of the used is the daemon's own.
bool check_places(const std::string& setting, const Settings& settings, std::int64_t used, bool mine,
                  Findings& findings) {
  const auto all = std::stoll(settings.find(setting)->second);
  const auto seen = std::to_string(used) + " of " + std::to_string(all) + " in use";
  if (used < all || mine) {
    findings.ok(setting, seen);
    return used < all;
  }
  findings.fail(setting, seen + ", none is left", change(setting, std::to_string(all + 4)));
  return false;
}

std::string slot_name(RoleSession& session, const PostgresPlan& plan) {
  if (!plan.slot.empty()) return plan.slot;
  return default_slot(session.connection
                          ->run("SELECT oid FROM pg_database WHERE datname = current_database()")
                          .text(0, 0));
}

struct Slot {
  bool exists = false;
  bool active = false;
};

Slot check_slot(RoleSession& session, const std::string& name, const std::string& plugin, Findings& findings) {
  const auto rows = session.connection->run(
      "SELECT active, coalesce(active_pid, 0), plugin, database IS NOT DISTINCT FROM current_database(), wal_status,"
      " pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn))"
      " FROM pg_replication_slots WHERE slot_name = $1",
      {name});
  const auto what = "replication slot " + name;
  if (rows.rows() == 0) {
    findings.ok(what, "is not there yet; the daemon makes it");
    return {};
  }
  const auto drop = "SELECT pg_drop_replication_slot('" + name +
                    "'); the daemon makes a new one and loads every model again";
  const bool active = rows.boolean(0, 0);
  if (rows(0, 2) != plugin || !rows.boolean(0, 3)) {
    findings.fail(what, "uses the plugin " + rows.text(0, 2) + ", or is another database's",
                  "--slot NAME, or " + drop);
  } else if (rows(0, 4) == "lost") {
    findings.fail(what, "has lost WAL that it needed (max_slot_wal_keep_size)", drop);
  } else if (rows(0, 4) == "unreserved") {
    findings.warn(what, "is about to lose WAL: it retains " + rows.text(0, 5), "systemctl start daas-indexer");
  } else {
    findings.ok(what, (active ? "process " + rows.text(0, 1) + " reads it; " : std::string("nobody reads it; ")) +
                          "it retains " + rows.text(0, 5) + " of WAL");
  }
  return {true, active};
}

void check_connections(RoleSession& session, const Settings& settings, const PostgresPlan& plan,
                       bool running, Findings& findings) {
  const auto used = session.connection->run("SELECT sum(numbackends) FROM pg_stat_database").integer(0, 0);
  const auto free = std::stoll(settings.find("max_connections")->second) -
                    std::stoll(settings.find("superuser_reserved_connections")->second) - used;
  const auto seen = "this configuration takes at most " + std::to_string(plan.connections) + ", " +
                    std::to_string(free) + " are free";
  if (running || free >= static_cast<std::int64_t>(plan.connections)) {
    findings.ok("connections", seen);
  } else {
    findings.warn("connections", seen,
                  "a smaller --reader-connections or --loads, or " +
                      change("max_connections", std::to_string(used + 2 * static_cast<std::int64_t>(plan.connections))));
  }
}

/// What a slot needs of the server.
SlotSituation check_decoding(RoleSession& session, Settings& settings, const PostgresPlan& plan, Findings& findings) {
  auto& connection = *session.connection;
  const bool logical = settings["wal_level"] == "logical";
  if (logical) {
    findings.ok("wal_level", "logical");
  } else {
    findings.fail("wal_level", "is " + settings["wal_level"] + "; changes are decoded from logical WAL only",
                  change("wal_level", "logical") + "; or give every model the option \"capture\": \"notify\"");
  }
  // 4909b38af0 of PostgreSQL: without it a table that joins the publication beside a running transaction may stay unpublished
  // for the rest of the connection.
  const auto number = std::stoi(settings["server_version_num"]);
  if (plan.plugin == kPgoutput && number >= 150000 && number < 150013) {
    findings.fail("pgoutput of PostgreSQL " + settings["server_version"], "may lose changes of tables that become members beside other transactions",
                  "upgrade PostgreSQL to 15.13 or later, or --decoder plugin");
  }
  const auto slot = check_slot(session, slot_name(session, plan), plan.plugin, findings);
  const auto slots = connection.run("SELECT count(*) FROM pg_replication_slots").integer(0, 0);
  const auto senders = connection.run("SELECT count(*) FROM pg_stat_replication").integer(0, 0);
  const bool slot_free = check_places("max_replication_slots", settings, slots, slot.exists, findings);
  const bool sender_free = check_places("max_wal_senders", settings, senders, slot.active, findings);
  const auto list = check_plugin_list(session, settings, plan.plugin, findings);
  const bool may = session.replication || session.superuser;
  const bool can_try = logical && slot_free && sender_free && may && list != PluginList::kBad;
  // PostgreSQL's own plugin is in the list that it comes with.
  if (list == PluginList::kHidden && plan.plugin == kOwnPlugin && !can_try && !slot.active) {
    findings.warn(kPluginList, "is hidden from " + session.role + ", and a slot to try it out can't be made yet",
                  "ALTER ROLE \"" + session.role + "\" SET output_plugin_libraries = " + list_with(kOtherPlugins, plan.plugin) + ";");
  }
  if (settings["max_slot_wal_keep_size"] == "-1") {
    findings.warn("max_slot_wal_keep_size", "is -1: WAL is kept without limit while the daemon is down, until the disk is full",
                  "ALTER SYSTEM SET max_slot_wal_keep_size = '20GB'; SELECT pg_reload_conf();");
  } else {
    findings.ok("max_slot_wal_keep_size", settings["max_slot_wal_keep_size"] + " MB");
  }
  return {can_try, slot.active};
}

}  // namespace

void fail_plugin_list(const std::string& role, const std::string& plugin, const std::string& seen, const std::string& others,
                      Findings& findings) {
  findings.fail(kPluginList, seen + " for " + role + ", so the slot can't use the plugin " + plugin,
                "ALTER ROLE \"" + role + "\" SET output_plugin_libraries = " + list_with(others, plugin) + ";");
}

SlotSituation check_server(RoleSession& session, const PostgresPlan& plan, bool decodes, Findings& findings) {
  auto& connection = *session.connection;
  auto settings = read_settings(connection);
  check_version(settings, findings);
  if (connection.run("SELECT pg_is_in_recovery()").boolean(0, 0)) {
    findings.fail("primary", "the server is a standby; PostgreSQL 15 decodes on a primary only",
                  "--pg-replication with the primary's host, or SELECT pg_promote();");
    return {};
  }
  SlotSituation slot;
  if (decodes) {
    slot = check_decoding(session, settings, plan, findings);
  } else {
    findings.ok("logical decoding", "is not needed: every model has the option \"capture\": \"notify\"");
  }
  check_connections(session, settings, plan, slot.active, findings);
  return slot;
}

void check_plugin(const RoleSession& session, const PostgresPlan& plan, Findings& findings) {
  const auto what = "output plugin " + plan.plugin;
  try {
    Connection walsender(plan.replication, "daas-indexer check", Session::kReplication, nullptr);
    auto* const raw = walsender.raw();
    const auto sql = "CREATE_REPLICATION_SLOT daas_check_" + std::to_string(PQbackendPID(raw)) +
                     " TEMPORARY LOGICAL " + plan.plugin + " NOEXPORT_SNAPSHOT";
    if (!PQsendQuery(raw, sql.c_str())) walsender.fail(sql);
    const auto deadline = std::chrono::steady_clock::now() + kPluginWait;
    while (PQisBusy(raw)) {
      if (std::chrono::steady_clock::now() > deadline) {
        const std::unique_ptr<PGcancel, decltype(&PQfreeCancel)> cancel(PQgetCancel(raw), &PQfreeCancel);
        char words[256];
        if (cancel) PQcancel(cancel.get(), words, sizeof words);
        findings.ok(what, "is accepted; a slot will wait for the transactions that are open now");
        return;
      }
      walsender.wait_readable(milliseconds(100));
      if (!PQconsumeInput(raw)) walsender.fail(sql);
    }
    const Result result(PQgetResult(raw));
    if (result.rows() != 1) walsender.fail("a temporary slot can't be made");
    findings.ok(what, "made a temporary slot");
  } catch (const Error& error) {
    // A name that no translation changes.
    if (std::string_view(error.what()).find(kPluginList) != std::string_view::npos) {
      fail_plugin_list(session.role, plan.plugin, "does not list " + plan.plugin, kOtherPlugins, findings);
      return;
    }
    findings.fail(what, error.what(),
                  plan.plugin == kOwnPlugin ? "make install on the database's machine, for this server (PG_CONFIG=…); or --decoder pgoutput" : "");
  }
}

bool check_extension(RoleSession& session, const PostgresPlan& plan, Findings& findings) {
  const auto installation = find_installation(*session.connection);
  if (const auto fault = installation.fault(plan.extension_version); !fault.words.empty()) {
    findings.fail("daas in the database", fault.words, fault.hint);
  } else if (installation.plain) {
    findings.ok("daas in the database", installation.version + ", as plain SQL");
  } else {
    findings.ok("daas in the database", "extension " + installation.version);
  }
  return installation.plain || !installation.version.empty();
}

}  // namespace daas
