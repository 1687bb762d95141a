// `daas-indexer check`: every prerequisite of a configuration, one line each, with what to run.
#pragma once

#include <iosfwd>

namespace daas {

/// Takes the daemon's options after the word check. Returns the exit status: 0 when nothing failed.
/// @throws Error for options that the daemon would refuse
int check_command(int argc, const char* const* argv, std::ostream& out);

}  // namespace daas
