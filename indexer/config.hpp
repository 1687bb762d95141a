// Options of daas-indexer: command line, then environment (DAAS_INDEXER_…), then configuration file.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>

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
};

/// Reads the options. Writes --help or --version to `out` and returns nothing then.
/// Throws Error(kStop) with a hint for an unknown option, a bad value, an unreadable file, or a
/// secret where other users of the machine can read it.
std::optional<Config> read_config(int argc, const char* const* argv, std::ostream& out);

}  // namespace daas
