#include "config_tokens.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/program_options/value_semantic.hpp>
#include <fstream>

#include "serve/key_file.hpp"
#include "serve/token_key.hpp"
#include "serve/web_document.hpp"

namespace daas {
namespace {

namespace po = boost::program_options;

void read_keys(const OptionValues& values, bool check, Config& config) {
  auto& keys = config.serve_options.tokens.keys;
  for (const auto& path : list_of(values, "jwt-public-key")) {
    read_file(path, "jwt-public-key", check, config, [&](const std::string& file) {
      check_key_file(KeyFile::kPem, file);
      keys.pem_files.push_back(file);
    });
  }
  for (const auto& location : list_of(values, "jwks")) {
    if (is_web_address(location)) {
      check_web_address(location);
      keys.key_sets.push_back(location);
      continue;
    }
    read_file(location, "jwks", check, config, [&](const std::string& file) {
      check_key_file(KeyFile::kSet, file);
      keys.key_sets.push_back(file);
    });
  }
  read_file(values, "jwks-ca-file", check, config, [&](const std::string& path) {
    if (!std::ifstream(path)) refuse_option("--jwks-ca-file: cannot read " + path);
    keys.ca_file = path;
  });
  keys.refresh = time_of(values, "jwks-refresh");
  if (keys.refresh < std::chrono::seconds(1)) refuse_option("--jwks-refresh must be at least 1s");
}

void read_limits(const OptionValues& values, TokenOptions& tokens) {
  constexpr std::chrono::minutes kMostLeeway{5};
  tokens.own.leeway = seconds_of(values, "jwt-leeway");
  if (tokens.own.leeway > kMostLeeway) refuse_option("--jwt-leeway must be at most 5min");
  tokens.session_life = seconds_of(values, "refresh-token-ttl");
  const int requests = values["requests-per-account"].as<int>();
  if (requests < 0) refuse_option("--requests-per-account must be at least 0");
  tokens.requests_per_account = static_cast<unsigned>(requests);
  for (const auto& proxy : list_of(values, "trusted-proxy")) {
    boost::system::error_code error;
    boost::asio::ip::make_address(proxy, error);
    if (error) refuse_option("--trusted-proxy is \"" + proxy + "\", which is no address", "--trusted-proxy 10.0.0.7");
    tokens.proxies.push_back(proxy);
  }
}

}  // namespace

po::options_description token_options() {
  po::options_description tokens("Tokens and logins");
  tokens.add_options()
      ("jwt-key-file", po::value<std::string>()->value_name("FILE"), "key of the daemon's own tokens (HS256), at least 32 bytes")
      ("jwt-issuer", po::value<std::string>()->default_value("daas")->value_name("TEXT"), "iss of tokens of that key; empty: any")
      ("jwt-audience", po::value<std::string>()->default_value("daas")->value_name("TEXT"), "aud of tokens of that key; empty: any")
      ("token-ttl", po::value<std::string>()->default_value("1h")->value_name("TIME"), "life of an access token")
      ("refresh-token-ttl", po::value<std::string>()->default_value("30d")->value_name("TIME"), "how long after a login it can be refreshed; 0s: not at all")
      ("jwt-public-key", po::value<std::vector<std::string>>()->value_name("FILE"), "PEM: tokens of another issuer are good, too (RSA: RS256, P-256: ES256, Ed25519: EdDSA); repeat for more")
      ("jwks", po::value<std::vector<std::string>>()->value_name("FILE|URL"), "JSON Web Key set: the same, with kid and alg; repeat for more")
      ("jwks-issuer", po::value<std::string>()->value_name("TEXT"), "iss of tokens of the keys of --jwks and --jwt-public-key; empty: any (default: --jwt-issuer)")
      ("jwks-audience", po::value<std::string>()->value_name("TEXT"), "their aud; empty: any (default: --jwt-audience)")
      ("jwks-ca-file", po::value<std::string>()->value_name("FILE"), "certificates to trust for --jwks URL (default: the system's)")
      ("jwks-refresh", po::value<std::string>()->default_value("5min")->value_name("TIME"), "between readings of --jwks and --jwt-public-key")
      ("jwt-leeway", po::value<std::string>()->default_value("30s")->value_name("TIME"), "what clocks may differ by, for exp, nbf and iat; at most 5min")
      ("requests-per-account", po::value<int>()->default_value(0)->value_name("N"), "a second, by sub; 0: any number")
      ("trusted-proxy", po::value<std::vector<std::string>>()->value_name("ADDRESS"), "whose X-Forwarded-For is believed, beside the loopback's; repeat for more");
  return tokens;
}

void read_token_options(const OptionValues& values, bool check, Config& config) {
  auto& tokens = config.serve_options.tokens;
  if (values.count("jwt-key-file") == 0) {
    refuse_option("the role serve needs a key for its tokens",
                  "head -c 48 /dev/urandom | base64 > jwt.key && chmod 600 jwt.key; --jwt-key-file jwt.key");
  }
  read_file(values, "jwt-key-file", check, config, [&](const std::string& path) {
    check_secret(path, "jwt-key-file");
    tokens.own.key = read_token_key(path);
  });
  const auto text = [&](const char* option, const char* otherwise) {
    return values[values.count(option) > 0 ? option : otherwise].as<std::string>();
  };
  tokens.own.issuer = text("jwt-issuer", "jwt-issuer");
  tokens.own.audience = text("jwt-audience", "jwt-audience");
  tokens.own.others = {text("jwks-issuer", "jwt-issuer"), text("jwks-audience", "jwt-audience")};
  tokens.own.ttl = seconds_of(values, "token-ttl");
  read_keys(values, check, config);
  read_limits(values, tokens);
}

}  // namespace daas
