#include "config.hpp"

#include <unistd.h>

#include <boost/program_options.hpp>
#include <fstream>
#include <ostream>
#include <sstream>
#include <vector>

#include "config_tokens.hpp"
#include "core/error.hpp"
#include "option_value.hpp"
#include "serve/tls_files.hpp"
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
       "replication slot (default: daas_ and the database's oid)")
      ("decoder", po::value<std::string>()->default_value("plugin")->value_name("DECODER"),
       "plugin: the extension's own output plugin; pgoutput: PostgreSQL's, where ours can't be loaded, after SELECT daas.use_decoder('pgoutput')");
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
      ("search-connections", po::value<int>()->default_value(8)->value_name("N"), "searches at a time, each on a connection of its own")
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
  all.add(general).add(postgres).add(solr).add(batch).add(serve).add(token_options());
  return all;
}

void read_solr(const po::variables_map& values, bool check, Config& config) {
  auto& endpoint = config.index_options.solr;
  if (values.count("solr") == 0) {
    refuse_option("no Solr is named", "--solr http://HOST:8983/solr");
  }
  for (auto url : values["solr"].as<std::vector<std::string>>()) {
    while (url.ends_with('/')) url.pop_back();
    if (!url.starts_with("http://") && !url.starts_with("https://")) {
      refuse_option("--solr is \"" + url + "\", which is no URL", "--solr http://HOST:8983/solr");
    }
    if (url.find('@') != std::string::npos) {
      refuse_option("--solr holds credentials", "put user:password into a file and name it with --solr-auth-file");
    }
    endpoint.urls.push_back(std::move(url));
  }
  read_file(values, "solr-auth-file", check, config, [&](const std::string& path) {
    const auto secret = read_secret(path, "solr-auth-file");
    const auto colon = secret.find(':');
    if (colon == std::string::npos || colon == 0 || secret.find('\n') != std::string::npos) {
      refuse_option("--solr-auth-file: " + path + " does not hold one line user:password");
    }
    endpoint.user = secret.substr(0, colon);
    endpoint.password = secret.substr(colon + 1);
  });
  read_file(values, "solr-ca-file", check, config, [&](const std::string& path) {
    if (!std::ifstream(path)) refuse_option("--solr-ca-file: cannot read " + path);
    endpoint.ca_file = path;
  });
}

void read_tls(const po::variables_map& values, bool check, Config& config) {
  auto& serve = config.serve_options;
  serve.tls_cert = values["tls-cert"].as<std::string>();
  serve.tls_key = values["tls-key"].as<std::string>();
  if (serve.tls_cert.empty() != serve.tls_key.empty()) refuse_option("--tls-cert and --tls-key belong together; one is missing");
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
      refuse_option("--role is \"" + role + "\"; it is index or serve");
    }
  }
}

void check_positive(const po::variables_map& values) {
  for (const auto* option : {"shards", "replicas", "search-connections", "write-threads"}) {
    if (values[option].as<int>() < 1) refuse_option(std::string("--") + option + " must be at least 1");
  }
  for (const auto* option : {"batch-count", "lanes", "reader-connections", "loads"}) {
    const auto value = values[option].as<std::size_t>();
    if (value < 1 || value > 1'000'000) {
      refuse_option(std::string("--") + option + " must be at least 1 and at most 1000000");
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
  const auto& decoder = values["decoder"].as<std::string>();
  if (decoder != "plugin" && decoder != kPgoutput) {
    refuse_option("--decoder is \"" + decoder + "\"", "--decoder plugin or --decoder pgoutput");
  }
  index.plugin = decoder == kPgoutput ? kPgoutput : kOwnPlugin;
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
  serve.listen = values["listen"].as<std::string>();
  serve.pg_conninfo = pg("pg-server");
  serve.solr = index.solr;
  read_token_options(values, check, config);
  serve.searches = values["search-connections"].as<int>();
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
      if (!file) refuse_option("cannot read the configuration file " + path);
      std::stringstream text;
      text << file.rdbuf();
      check_placeholders(text.view(), path);
      po::store(po::parse_config_file(text, options), values);
    }
    po::notify(values);
  } catch (const po::error& error) {
    refuse_option(error.what(), "daas-indexer --help");
  }
  for (const auto* option : {"pg", "pg-replication", "pg-reader", "pg-server", "pg-writer"}) {
    if (values.count(option) > 0) check_conninfo(option, values[option].as<std::string>(), false);
  }
  auto config = build(values, check);
  if (values.count("config") > 0) config.config_file = values["config"].as<std::string>();
  return config;
}

}  // namespace daas
