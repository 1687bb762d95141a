// Options of daas-indexer: command line, then environment (DAAS_INDEXER_…), then configuration file.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "pipeline/context.hpp"
#include "serve/serve_role.hpp"

namespace daas {

struct Config {
  bool index = true;
  bool serve = true;
  IndexOptions index_options;
  ServeOptions serve_options;
  std::string admin_listen;
  std::string log_level;
  std::string log_format;
  std::string config_file;  ///< empty: none
  /// Files that options name, by option; `problems` of them, by option, are collected in a check only.
  std::vector<std::pair<std::string, std::string>> files;
  std::vector<std::pair<std::string, Error>> problems;
};

/// Reads the options. Writes --help or --version to `out` and returns nothing then.
/// Throws Error(kStop) with a hint for an unknown option, a bad value, an unreadable file, or a
/// secret where other users of the machine can read it.
/// @param check files that are missing or readable by others are collected in Config::problems
std::optional<Config> read_config(int argc, const char* const* argv, std::ostream& out,
                                  bool check = false);

}  // namespace daas
