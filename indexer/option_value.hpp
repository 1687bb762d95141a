// Values of options: numbers with units, connection strings, files. Each refuses what it can't read, naming the option.
#pragma once

#include <boost/program_options/variables_map.hpp>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "config.hpp"

namespace daas {

using OptionValues = boost::program_options::variables_map;

[[noreturn]] void refuse_option(const std::string& message, const std::string& hint = {});

/// ms, s, min, h or d.
std::chrono::milliseconds time_of(const OptionValues& values, const std::string& option);
std::chrono::seconds seconds_of(const OptionValues& values, const std::string& option);
/// B, kB, MB or GB, in bytes.
std::size_t size_of(const OptionValues& values, const std::string& option);
/// Of an option that may be repeated; empty when it is absent.
std::vector<std::string> list_of(const OptionValues& values, const std::string& option);

/// A secret's file that others can read is refused.
void check_secret(const std::string& path, const std::string& option);
/// Its text without line breaks at the end.
std::string read_secret(const std::string& path, const std::string& option);

/// Refuses what libpq can't read, and on the command line a password.
void check_conninfo(const std::string& option, const std::string& text, bool command_line);
/// Boost 1.81 puts the user's words into its messages and then replaces its placeholders in them, for
/// ever when the words hold one.
void check_placeholders(std::string_view text, const std::string& where);

/// Reads a file that an option names. A check goes on without it, to tell all that is wrong.
template <typename Read>
void read_file(const std::string& path, const char* option, bool check, Config& config, const Read& read) {
  config.files.emplace_back(option, path);
  try {
    read(path);
  } catch (const Error& error) {
    if (!check) throw;
    config.problems.emplace_back(option, error);
  }
}
/// The same, of an option with one value or none.
template <typename Read>
void read_file(const OptionValues& values, const char* option, bool check, Config& config, const Read& read) {
  if (values.count(option) == 0 || values[option].as<std::string>().empty()) return;
  read_file(values[option].as<std::string>(), option, check, config, read);
}

}  // namespace daas
