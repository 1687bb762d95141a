#include "check_command.hpp"

#include <sys/stat.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <ostream>
#include <string>
#include <vector>

#include "check/findings.hpp"
#include "check/postgres_check.hpp"
#include "check/solr_check.hpp"
#include "config.hpp"
#include "pipeline/spill.hpp"
#include "serve/http_server.hpp"
#include "serve/key_ring.hpp"
#include "solr/http.hpp"
#include "version.hpp"

namespace daas {
namespace {

void check_files(const Config& config, Findings& findings) {
  for (const auto& [option, path] : config.files) {
    bool good = true;
    for (const auto& [name, problem] : config.problems) {
      if (name != option) continue;
      good = false;
      findings.fail("--" + option, problem.what(), problem.hint());
    }
    if (good) findings.ok("--" + option, path);
  }
  struct stat info {};
  if (config.config_file.empty() || stat(config.config_file.c_str(), &info) != 0) return;
  std::ifstream file(config.config_file);
  bool password = false;
  for (std::string line; std::getline(file, line);) {
    password |= !line.starts_with('#') && line.find("password=") != std::string::npos;
  }
  if (password && (info.st_mode & (S_IRWXO | S_IWGRP)) != 0) {
    findings.fail("--config", "holds a password, and others can read or write " + config.config_file,
                  "chmod 600 " + config.config_file);
  } else {
    findings.ok("--config", config.config_file);
  }
}

/// Key sets on the web; those in files were read with the options.
void check_key_addresses(const KeyRing::Settings& keys, Findings& findings) {
  const std::atomic<bool> never{false};
  for (const auto& location : keys.key_sets) {
    if (!is_web_address(location)) continue;
    try {
      const auto text = fetch_document(location, keys.ca_file, kKeySetLimits, never);
      const auto set = parse_jwk_set(text, SecretKeys::kRefused);
      findings.ok("--jwks " + location, std::to_string(set.keys.size()) + " keys for tokens, " +
                                            std::to_string(set.left_out.size()) + " for other things");
    } catch (const Error& error) {
      findings.fail("--jwks " + location, error.what(), error.hint());
    }
  }
}

/// Whether what listens there answers as the daemon does.
bool is_daemon(const std::string& listen, const std::string& path) {
  try {
    SolrEndpoint there;
    there.urls = {"http://" + listen};
    const auto response = HttpConnection(there).get(path, std::chrono::milliseconds(2000));
    return response.body.find("\"ready\"") != std::string::npos ||
           response.body.find(R"({"status":"ok"})") != std::string::npos;
  } catch (const Error&) {
    return false;
  }
}

void check_listener(const std::string& option, const std::string& listen, const std::string& path,
                    Findings& findings) {
  const auto what = option + " " + listen;
  try {
    EventLoops loop(1);
    HttpServer server({listen, std::chrono::seconds(1)}, loop, [](ServerRequest, const HttpServer::Reply&) {});
    server.start();
    server.stop(std::chrono::milliseconds(0));
    findings.ok(what, "is free");
  } catch (const Error& error) {
    if (is_daemon(listen, path)) {
      findings.ok(what, "a daas-indexer listens there already");
    } else {
      findings.fail(what, error.what(), "ss -ltnp, then another " + option + " HOST:PORT");
    }
  }
}

void check_spill_directory(const std::string& directory, Findings& findings) {
  try {
    try_spill_directory(directory);
    findings.ok("--spill-dir", directory + " can hold a large transaction's file");
  } catch (const Error& error) {
    findings.fail("--spill-dir", error.what(), error.hint());
  }
}

/// docs/operations.md has the same table.
std::size_t most_connections(const Config& config) {
  constexpr std::size_t kBooks = 3;  // bookkeeping, heartbeat, definitions; the stream is a walsender
  constexpr std::size_t kOutbox = 3;  // its reader, its lock, and who deletes; when a model has "capture": "notify"
  constexpr std::size_t kServing = 2;  // the APIs; refreshes and logouts
  std::size_t all = 0;
  if (config.index) all += kBooks + kOutbox + config.index_options.reader_connections + config.index_options.loads;
  if (config.serve) all += kServing + static_cast<std::size_t>(config.serve_options.login_threads);
  if (config.serve && !config.serve_options.pg_writer.empty()) all += static_cast<std::size_t>(config.serve_options.write_threads);
  return all;
}

}  // namespace

int check_command(int argc, const char* const* argv, std::ostream& out) {
  std::vector<const char*> arguments{argv[0]};
  arguments.insert(arguments.end(), argv + 2, argv + argc);
  const auto config = read_config(static_cast<int>(arguments.size()), arguments.data(), out, true);
  if (!config) return 0;
  std::signal(SIGPIPE, SIG_IGN);
  const auto& index = config->index_options;
  Findings findings(out);
  check_files(*config, findings);

  PostgresPlan postgres;
  postgres.index = config->index;
  postgres.serve = config->serve;
  postgres.replication = index.pg_replication;
  postgres.reader = index.pg_reader;
  postgres.server = config->serve_options.pg_conninfo;
  postgres.writer = config->serve_options.pg_writer;
  postgres.extension_version = kVersion;
  postgres.slot = index.slot;
  postgres.publication = index.publication;
  postgres.plugin = index.plugin;
  postgres.connections = most_connections(*config);
  const auto database = check_postgres(postgres, findings);

  SolrPlan solr;
  solr.endpoint = index.solr;
  solr.index = config->index;
  solr.name_space = index.name_space;
  solr.adopt = index.adopt;
  if (database) {
    solr.owner = database->owner;
    if (solr.name_space.empty()) solr.name_space = default_namespace(database->name);
  }
  check_solr(solr, findings);

  if (config->index) check_spill_directory(index.spill.directory, findings);
  if (config->serve) check_key_addresses(config->serve_options.tokens.keys, findings);
  if (config->serve) check_listener("--listen", config->serve_options.listen, "/healthz", findings);
  check_listener("--admin-listen", config->admin_listen, "/readyz", findings);
  out << (findings.failures() == 0 ? "ready" : "not ready") << ": " << findings.failures() << " failed, "
      << findings.warnings() << " to think about\n";
  return findings.failures() == 0 ? 0 : 1;
}

}  // namespace daas
