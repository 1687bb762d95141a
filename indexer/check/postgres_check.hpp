// The prerequisites in PostgreSQL. Changes nothing but that a temporary slot is made and dropped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "check/findings.hpp"
#include "pg/connection.hpp"

namespace daas {

struct PostgresPlan {
  bool index = true;
  bool serve = true;
  std::string replication;  ///< connection strings
  std::string reader;
  std::string server;
  std::string writer;       ///< empty: nothing is written
  std::string extension_version;
  std::string slot;         ///< empty: daas_<database oid>
  std::string publication;
  std::string plugin;       ///< of the slot: kOwnPlugin or kPgoutput
  std::size_t connections = 0;  ///< that the daemon opens at most, without the stream's
};

/// Who the database is, for the owner of aliases and the default namespace.
struct DatabaseIdentity {
  std::string name;
  std::string owner;  ///< "system identifier/oid"
};

/// Nothing when the database could not be reached, or its identity is for the index role only.
std::optional<DatabaseIdentity> check_postgres(const PostgresPlan& plan, Findings& findings);

// Its parts.

struct RoleSession {
  std::unique_ptr<Connection> connection;
  std::string role;
  bool superuser = false;
  bool replication = false;
};

/// Connects as the daemon will; nothing after a failure, which is told.
std::optional<RoleSession> check_session(const std::string& option, const std::string& conninfo,
                                         Session kind, Findings& findings);
/// Whether libpq will use the pass file that the connection string or the environment names.
void check_pass_file(const std::string& option, const std::string& conninfo, Findings& findings);
/// Whether REPLICATION is confined to logical decoding by pg_hba.conf.
void check_physical_replication(const RoleSession& session, const std::string& conninfo,
                                Findings& findings);

/// The words of a failed plugin list: where the setting exists, an unlisted plugin is refused.
void fail_plugin_list(const std::string& role, const std::string& plugin, const std::string& seen, const std::string& others,
                      Findings& findings);

struct SlotSituation {
  bool plugin_can_be_tried = false;
  bool active = false;
};

/// Version, encoding, settings; when changes are decoded, free places and the slot.
SlotSituation check_server(RoleSession& session, const PostgresPlan& plan, bool decodes, Findings& findings);
/// Makes and drops a temporary slot: the plugin is there, may be used, and can be loaded.
void check_plugin(const RoleSession& session, const PostgresPlan& plan, Findings& findings);
/// False when it is not there: nothing of daas can be looked at.
bool check_extension(RoleSession& session, const PostgresPlan& plan, Findings& findings);

struct Source {
  std::string oid;
  std::string table;
};

/// What the indexer's role may do; returns the tables that models read.
std::vector<Source> check_replication_role(RoleSession& session, const PostgresPlan& plan, bool decodes,
                                           Findings& findings);
void check_reader_role(RoleSession& session, const std::vector<Source>& sources,
                       Findings& findings);
void check_server_role(RoleSession& session, Findings& findings);
/// Where the APIs write to, as a JSON array of daas.served_api's targets.
std::string write_targets(RoleSession& server);
void check_writer_role(RoleSession& session, const std::string& targets, Findings& findings);

}  // namespace daas
