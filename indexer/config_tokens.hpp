// The options about tokens, logins and accounts.
#pragma once

#include <boost/program_options/options_description.hpp>

#include "config.hpp"
#include "option_value.hpp"

namespace daas {

boost::program_options::options_description token_options();

/// Reads them into config.serve_options.tokens. @throws Error(kStop)
void read_token_options(const OptionValues& values, bool check, Config& config);

}  // namespace daas
