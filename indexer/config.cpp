#include "config.hpp"

#include <libpq-fe.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/program_options.hpp>
#include <charconv>
#include <fstream>
#include <memory>
#include <ostream>
#include <sstream>
#include <vector>

#include "core/error.hpp"
#include "serve/tls_files.hpp"
#include "serve/token.hpp"
#include "version.hpp"

namespace daas {
namespace {

namespace po = boost::program_options;

constexpr std::string_view kEnvironmentPrefix = "DAAS_INDEXER_";

constexpr const char* kUsage =
    "Usage: daas-indexer [OPTIONS]\n"
    "       daas-indexer check [OPTIONS]   tests every prerequisite with these options and says what to run;\n"
    "                                      ends with 1 when one is missing; starts nothing\n"
    "       daas-indexer hash-password     reads a password, prints a hash for daas.create_account\n"
    "\n"
    "Keeps Solr collections equal to the models of a PostgreSQL database (role index) and serves\n"
    "scoped reads from them (role serve).\n"
    "\n"
    "Each option can stand on the command line, in the environment (--batch-age is\n"
    "DAAS_INDEXER_BATCH_AGE) or in the file of --config (batch-age = 10); the first of these that has it wins. Passwords\n"
    "come from files or the environment only: passfile=… in a connection string, PGPASSFILE,\n"
    "--solr-auth-file, --jwt-key-file.\n";

[[noreturn]] void refuse(const std::string& message, const std::string& hint = {}) {
  throw Error(Remedy::kStop, message, hint);
}

po::options_description described() {
  po::options_description general("General");
  general.add_options()
      ("help", "print this text")
      ("version", "print the version")
      ("config", po::value<std::string>()->value_name("FILE"), "configuration file, lines of `option = value`")
      ("role", po::value<std::vector<std::string>>()->value_name("ROLE"),
       "index or serve; repeat for both (default: both)")
      ("log-level", po::value<std::string>()->default_value("info")->value_name("LEVEL"),
       "debug, info, warning or error")
      ("log-format", po::value<std::string>()->default_value("text")->value_name("FORMAT"),
       "text or json: one record a line, to standard error")
      ("admin-listen", po::value<std::string>()->default_value("127.0.0.1:8081")->value_name("HOST:PORT"),
       "listener of /readyz; keep it away from the internet");
  po::options_description postgres("PostgreSQL (connection strings or URIs of libpq)");
  postgres.add_options()
      ("pg", po::value<std::string>()->default_value("")->value_name("CONNINFO"),
       "the database; the next three default to it")
      ("pg-replication", po::value<std::string>()->value_name("CONNINFO"),
       "role with REPLICATION, equipped by daas.grant_role('replication', …): reads the slot, keeps the books")
      ("pg-reader", po::value<std::string>()->value_name("CONNINFO"),
       "role equipped by daas.grant_role('reader', …): loads and fetches rows")
      ("pg-server", po::value<std::string>()->value_name("CONNINFO"),
       "role equipped by daas.grant_role('server', …): API definitions and logins")
      ("pg-writer", po::value<std::string>()->value_name("CONNINFO"),
       "role equipped by daas.grant_role('writer', …): writes through APIs; there are none without it")
      ("slot", po::value<std::string>()->default_value("")->value_name("NAME"),
       "replication slot (default: daas_ and the database's oid)");
  po::options_description solr("Solr");
  solr.add_options()
      ("solr", po::value<std::vector<std::string>>()->value_name("URL"),
       "base URL of a node, http://host:8983/solr; repeat for more nodes of the same cluster")
      ("solr-namespace", po::value<std::string>()->default_value("")->value_name("NAME"),
       "prefix of everything that daas owns there (default: the database's name)")
      ("solr-auth-file", po::value<std::string>()->value_name("FILE"), "file with one line user:password")
      ("solr-ca-file", po::value<std::string>()->default_value("")->value_name("FILE"), "certificates to trust")
      ("shards", po::value<int>()->default_value(1)->value_name("N"), "shards of a new collection")
      ("replicas", po::value<int>()->default_value(1)->value_name("N"), "replicas of each shard")
      ("adopt", po::bool_switch(), "take over aliases that belong to another database");
  po::options_description batch("Batches (whichever comes first)");
  batch.add_options()
      ("batch-count", po::value<std::size_t>()->default_value(1000)->value_name("N"), "row changes")
      ("batch-bytes", po::value<std::string>()->default_value("1MB")->value_name("SIZE"), "of change events (kB, MB)")
      ("batch-age", po::value<std::string>()->default_value("10ms")->value_name("TIME"), "since the first change (ms, s, min)")
      ("durable-interval", po::value<std::string>()->default_value("5s")->value_name("TIME"), "between hard commits in Solr")
      ("queue-bytes", po::value<std::string>()->default_value("64MB")->value_name("SIZE"), "decoded changes in memory")
      ("spill-bytes", po::value<std::string>()->default_value("16MB")->value_name("SIZE"), "of one transaction; a larger one goes through a file")
      ("spill-dir", po::value<std::string>()->default_value("/var/tmp")->value_name("DIRECTORY"), "of those files, which have no name and go with their transaction")
      ("patience", po::value<std::string>()->default_value("60s")->value_name("TIME"), "with a model that fails, or that holds up the others on a full queue, before it is stopped")
      ("lanes", po::value<std::size_t>()->default_value(2)->value_name("N"), "parallel connections of a batch")
      ("reader-connections", po::value<std::size_t>()->default_value(4)->value_name("N"),
       "most batches that fetch at a time")
      ("loads", po::value<std::size_t>()->default_value(4)->value_name("N"),
       "models that are loaded at a time, each on a connection of its own");
  po::options_description serve("Serving");
  serve.add_options()
      ("listen", po::value<std::string>()->default_value("127.0.0.1:8080")->value_name("HOST:PORT"), "listener of the APIs")
      ("jwt-key-file", po::value<std::string>()->value_name("FILE"), "key of HS256 tokens, at least 32 bytes")
      ("jwt-issuer", po::value<std::string>()->default_value("daas")->value_name("TEXT"), "iss of tokens")
      ("jwt-audience", po::value<std::string>()->default_value("daas")->value_name("TEXT"), "aud of tokens")
      ("token-ttl", po::value<std::string>()->default_value("1h")->value_name("TIME"), "life of an access token")
      ("serve-threads", po::value<int>()->default_value(8)->value_name("N"), "searches at a time")
      ("position-wait", po::value<std::string>()->default_value("5s")->value_name("TIME"), "longest that a read waits for its Daas-Min-Position")
      ("cache-bytes", po::value<std::string>()->default_value("64MB")->value_name("SIZE"), "of answers that are given again while nothing changed; 0MB: none")
      ("cache-term", po::value<std::string>()->default_value("10ms")->value_name("TIME"), "longest that an answer is given again without asking Solr whether anything changed")
      ("tls-cert", po::value<std::string>()->default_value("")->value_name("FILE"), "certificate and its chain (PEM) of --listen; read again when it changes")
      ("tls-key", po::value<std::string>()->default_value("")->value_name("FILE"), "its key (PEM)")
      ("write-threads", po::value<int>()->default_value(4)->value_name("N"), "writes at a time, each on a connection of its own")
      ("write-timeout", po::value<std::string>()->default_value("10s")->value_name("TIME"), "longest that a write's statement may take")
      ("max-body", po::value<std::string>()->default_value("1MB")->value_name("SIZE"), "largest body of a write")
      ("cors-origin", po::value<std::vector<std::string>>()->value_name("ORIGIN"), "whose pages may read, https://app.example; repeat, or *");
  po::options_description all("Options", 100, 40);
  all.add(general).add(postgres).add(solr).add(batch).add(serve);
  return all;
}

/// A number with one of the units, in the smallest one.
std::int64_t with_unit(const po::variables_map& values, const std::string& option,
                       std::initializer_list<std::pair<const char*, std::int64_t>> units) {
  const auto& text = values[option].as<std::string>();
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string unit(end, text.data() + text.size());
  std::string known;
  for (const auto& [name, factor] : units) {
    if (error == std::errc{} && number >= 0 && number < 1'000'000'000 && unit == name) {
      return number * factor;
    }
    known += std::string(known.empty() ? "" : ", ") + name;
  }
  refuse("--" + option + " is \"" + text + "\"; it takes a number and one of the units " + known);
}

std::chrono::milliseconds time_of(const po::variables_map& values, const std::string& option) {
  return std::chrono::milliseconds(with_unit(
      values, option, {{"ms", 1}, {"s", 1000}, {"min", 60'000}, {"h", 3'600'000}}));
}

std::size_t size_of(const po::variables_map& values, const std::string& option) {
  return static_cast<std::size_t>(
      with_unit(values, option, {{"B", 1}, {"kB", 1 << 10}, {"MB", 1 << 20}, {"GB", 1 << 30}}));
}

/// A secret's file that others can read is refused.
void check_secret(const std::string& path, const std::string& option) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) refuse("--" + option + ": cannot read " + path);
  if ((info.st_mode & (S_IRWXO | S_IWGRP)) != 0) {
    refuse("--" + option + ": others can read or write " + path, "chmod 600 " + path);
  }
}

std::string read_secret(const std::string& path, const std::string& option) {
  check_secret(path, option);
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  if (!(text << file.rdbuf())) refuse("--" + option + ": cannot read " + path);
  auto secret = text.str();
  while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) secret.pop_back();
  return secret;
}

/// Boost 1.81 puts the user's words into its messages and then replaces its placeholders in them, for
/// ever when the words hold one.
void check_placeholders(std::string_view text, const std::string& where) {
  for (const char* placeholder : {"%canonical_option%", "%original_token%", "%option%", "%prefix%",
                                  "%value%", "%invalid_line%"}) {
    if (text.find(placeholder) == std::string_view::npos) continue;
    refuse(where + " holds " + placeholder + ", which no option takes", "daas-indexer --help");
  }
}

void check_conninfo(const std::string& option, const std::string& text, bool command_line) {
  char* message = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> parsed(
      PQconninfoParse(text.c_str(), &message), &PQconninfoFree);
  const std::unique_ptr<char, decltype(&PQfreemem)> owner(message, &PQfreemem);
  // The text itself is not repeated: it may hold a password.
  if (!parsed) refuse("--" + option + " is not a connection string of libpq");
  for (const auto* entry = parsed.get(); entry->keyword; ++entry) {
    if (command_line && std::string_view(entry->keyword) == "password" && entry->val) {
      refuse("--" + option + " holds a password, which every user of this machine can read in ps",
             "use passfile=FILE in the connection string, or put the option into --config FILE or "
             "the environment");
    }
  }
}

/// Reads a file that an option names. A check goes on without it, to tell all that is wrong.
template <typename Read>
void read_file(const po::variables_map& values, const char* option, bool check, Config& config,
               const Read& read) {
  if (values.count(option) == 0 || values[option].as<std::string>().empty()) return;
  const auto& path = values[option].as<std::string>();
  config.files.emplace_back(option, path);
  try {
    read(path);
  } catch (const Error& error) {
    if (!check) throw;
    config.problems.emplace_back(option, error);
  }
}

void read_solr(const po::variables_map& values, bool check, Config& config) {
  auto& endpoint = config.index_options.solr;
  if (values.count("solr") == 0) {
    refuse("no Solr is named", "--solr http://HOST:8983/solr");
  }
  for (auto url : values["solr"].as<std::vector<std::string>>()) {
    while (url.ends_with('/')) url.pop_back();
    if (!url.starts_with("http://") && !url.starts_with("https://")) {
      refuse("--solr is \"" + url + "\", which is no URL", "--solr http://HOST:8983/solr");
    }
    if (url.find('@') != std::string::npos) {
      refuse("--solr holds credentials", "put user:password into a file and name it with --solr-auth-file");
    }
    endpoint.urls.push_back(std::move(url));
  }
  read_file(values, "solr-auth-file", check, config, [&](const std::string& path) {
    const auto secret = read_secret(path, "solr-auth-file");
    const auto colon = secret.find(':');
    if (colon == std::string::npos || colon == 0 || secret.find('\n') != std::string::npos) {
      refuse("--solr-auth-file: " + path + " does not hold one line user:password");
    }
    endpoint.user = secret.substr(0, colon);
    endpoint.password = secret.substr(colon + 1);
  });
  read_file(values, "solr-ca-file", check, config, [&](const std::string& path) {
    if (!std::ifstream(path)) refuse("--solr-ca-file: cannot read " + path);
    endpoint.ca_file = path;
  });
}

void read_tls(const po::variables_map& values, bool check, Config& config) {
  auto& serve = config.serve_options;
  serve.tls_cert = values["tls-cert"].as<std::string>();
  serve.tls_key = values["tls-key"].as<std::string>();
  if (serve.tls_cert.empty() != serve.tls_key.empty()) refuse("--tls-cert and --tls-key belong together; one is missing");
  read_file(values, "tls-key", check, config, [](const std::string& path) { check_secret(path, "tls-key"); });
  read_file(values, "tls-cert", check, config, [&](const std::string& path) { TlsFiles(path, serve.tls_key); });
}

void read_roles(const po::variables_map& values, Config& config) {
  if (values.count("role") == 0) return;
  config.index = config.serve = false;
  for (const auto& role : values["role"].as<std::vector<std::string>>()) {
    if (role == "index") {
      config.index = true;
    } else if (role == "serve") {
      config.serve = true;
    } else {
      refuse("--role is \"" + role + "\"; it is index or serve");
    }
  }
}

void check_positive(const po::variables_map& values) {
  for (const auto* option : {"shards", "replicas", "serve-threads", "write-threads"}) {
    if (values[option].as<int>() < 1) refuse(std::string("--") + option + " must be at least 1");
  }
  for (const auto* option : {"batch-count", "lanes", "reader-connections", "loads"}) {
    const auto value = values[option].as<std::size_t>();
    if (value < 1 || value > 1'000'000) {
      refuse(std::string("--") + option + " must be at least 1 and at most 1000000");
    }
  }
}

Config build(const po::variables_map& values, bool check) {
  Config config;
  read_roles(values, config);
  check_positive(values);
  config.log_level = values["log-level"].as<std::string>();
  config.log_format = values["log-format"].as<std::string>();
  config.admin_listen = values["admin-listen"].as<std::string>();
  const auto pg = [&](const char* option) {
    return values.count(option) > 0 ? values[option].as<std::string>() : values["pg"].as<std::string>();
  };
  auto& index = config.index_options;
  read_solr(values, check, config);
  index.extension_version = kVersion;
  index.pg = pg("pg-replication");
  index.pg_replication = index.pg;
  index.pg_reader = pg("pg-reader");
  index.name_space = values["solr-namespace"].as<std::string>();
  index.slot = values["slot"].as<std::string>();
  index.batch = {values["batch-count"].as<std::size_t>(), size_of(values, "batch-bytes"),
                 time_of(values, "batch-age")};
  index.durable_interval = time_of(values, "durable-interval");
  index.patience = time_of(values, "patience");
  index.queue_bytes = std::max<std::size_t>(1 << 20, size_of(values, "queue-bytes"));
  index.spill = {size_of(values, "spill-bytes"), values["spill-dir"].as<std::string>()};
  index.lanes.lanes = values["lanes"].as<std::size_t>();
  index.reader_connections = values["reader-connections"].as<std::size_t>();
  index.loads = values["loads"].as<std::size_t>();
  index.shards = values["shards"].as<int>();
  index.replicas = values["replicas"].as<int>();
  index.adopt = values["adopt"].as<bool>();
  if (!config.serve) return config;
  auto& serve = config.serve_options;
  if (values.count("jwt-key-file") == 0) {
    refuse("the role serve needs a key for its tokens",
           "head -c 48 /dev/urandom | base64 > jwt.key && chmod 600 jwt.key; --jwt-key-file jwt.key");
  }
  read_file(values, "jwt-key-file", check, config, [&](const std::string& path) {
    check_secret(path, "jwt-key-file");
    serve.jwt_key = read_token_key(path);
  });
  serve.listen = values["listen"].as<std::string>();
  serve.pg_conninfo = pg("pg-server");
  serve.solr = index.solr;
  serve.issuer = values["jwt-issuer"].as<std::string>();
  serve.audience = values["jwt-audience"].as<std::string>();
  serve.token_ttl = std::chrono::duration_cast<std::chrono::seconds>(time_of(values, "token-ttl"));
  serve.threads = values["serve-threads"].as<int>();
  if (values.count("pg-writer") > 0) serve.pg_writer = values["pg-writer"].as<std::string>();
  serve.write_threads = values["write-threads"].as<int>();
  serve.write_timeout = time_of(values, "write-timeout");
  serve.max_body = size_of(values, "max-body");
  serve.position_wait = time_of(values, "position-wait");
  serve.cache_bytes = size_of(values, "cache-bytes");
  serve.cache_term = time_of(values, "cache-term");
  read_tls(values, check, config);
  if (values.count("cors-origin") > 0) serve.origins = values["cors-origin"].as<std::vector<std::string>>();
  serve.version = kVersion;
  return config;
}

}  // namespace

std::optional<Config> read_config(int argc, const char* const* argv, std::ostream& out,
                                  bool check) {
  const auto options = described();
  po::variables_map values;
  for (int i = 1; i < argc; ++i) check_placeholders(argv[i], "argument " + std::to_string(i));
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (text.starts_with(kEnvironmentPrefix)) {
      check_placeholders(text, "the variable " + std::string(text.substr(0, text.find('='))));
    }
  }
  try {
    po::store(po::command_line_parser(argc, argv)
                  .options(options)
                  .positional(po::positional_options_description())
                  .run(),
              values);
    if (values.count("help") > 0) {
      out << kUsage << '\n' << options;
      return std::nullopt;
    }
    if (values.count("version") > 0) {
      out << "daas-indexer " << kVersion << '\n';
      return std::nullopt;
    }
    for (const auto* option : {"pg", "pg-replication", "pg-reader", "pg-server", "pg-writer"}) {
      if (values.count(option) > 0) check_conninfo(option, values[option].as<std::string>(), true);
    }
    po::store(po::parse_environment(options,
                                    [&](const std::string& variable) -> std::string {
                                      if (!variable.starts_with(kEnvironmentPrefix)) return {};
                                      std::string name;
                                      for (const char c : variable.substr(kEnvironmentPrefix.size())) {
                                        name += c == '_' ? '-' : static_cast<char>(std::tolower(c));
                                      }
                                      // An unknown one is refused, as on the command line.
                                      return name;
                                    }),
              values);
    if (values.count("config") > 0) {
      const auto path = values["config"].as<std::string>();
      std::ifstream file(path);
      if (!file) refuse("cannot read the configuration file " + path);
      std::stringstream text;
      text << file.rdbuf();
      check_placeholders(text.view(), path);
      po::store(po::parse_config_file(text, options), values);
    }
    po::notify(values);
  } catch (const po::error& error) {
    refuse(error.what(), "daas-indexer --help");
  }
  for (const auto* option : {"pg", "pg-replication", "pg-reader", "pg-server", "pg-writer"}) {
    if (values.count(option) > 0) check_conninfo(option, values[option].as<std::string>(), false);
  }
  auto config = build(values, check);
  if (values.count("config") > 0) config.config_file = values["config"].as<std::string>();
  return config;
}

}  // namespace daas
