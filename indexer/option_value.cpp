#include "option_value.hpp"

#include <libpq-fe.h>
#include <sys/stat.h>

#include <charconv>
#include <fstream>
#include <initializer_list>
#include <memory>
#include <sstream>
#include <utility>

namespace daas {
namespace {

/// A number with one of the units, in the smallest one.
std::int64_t with_unit(const OptionValues& values, const std::string& option,
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
  refuse_option("--" + option + " is \"" + text + "\"; it takes a number and one of the units " + known);
}

}  // namespace

void refuse_option(const std::string& message, const std::string& hint) {
  throw Error(Remedy::kStop, message, hint);
}

std::chrono::milliseconds time_of(const OptionValues& values, const std::string& option) {
  return std::chrono::milliseconds(with_unit(
      values, option, {{"ms", 1}, {"s", 1000}, {"min", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}));
}

std::chrono::seconds seconds_of(const OptionValues& values, const std::string& option) {
  return std::chrono::duration_cast<std::chrono::seconds>(time_of(values, option));
}

std::vector<std::string> list_of(const OptionValues& values, const std::string& option) {
  return values.count(option) > 0 ? values[option].as<std::vector<std::string>>() : std::vector<std::string>();
}

std::size_t size_of(const OptionValues& values, const std::string& option) {
  return static_cast<std::size_t>(
      with_unit(values, option, {{"B", 1}, {"kB", 1 << 10}, {"MB", 1 << 20}, {"GB", 1 << 30}}));
}

void check_secret(const std::string& path, const std::string& option) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) refuse_option("--" + option + ": cannot read " + path);
  if ((info.st_mode & (S_IRWXO | S_IWGRP)) != 0) {
    refuse_option("--" + option + ": others can read or write " + path, "chmod 600 " + path);
  }
}

std::string read_secret(const std::string& path, const std::string& option) {
  check_secret(path, option);
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  if (!(text << file.rdbuf())) refuse_option("--" + option + ": cannot read " + path);
  auto secret = text.str();
  while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) secret.pop_back();
  return secret;
}

void check_placeholders(std::string_view text, const std::string& where) {
  for (const char* placeholder : {"%canonical_option%", "%original_token%", "%option%", "%prefix%",
                                  "%value%", "%invalid_line%"}) {
    if (text.find(placeholder) == std::string_view::npos) continue;
    refuse_option(where + " holds " + placeholder + ", which no option takes", "daas-indexer --help");
  }
}

void check_conninfo(const std::string& option, const std::string& text, bool command_line) {
  char* message = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> parsed(
      PQconninfoParse(text.c_str(), &message), &PQconninfoFree);
  const std::unique_ptr<char, decltype(&PQfreemem)> owner(message, &PQfreemem);
  // The text itself is not repeated: it may hold a password.
  if (!parsed) refuse_option("--" + option + " is not a connection string of libpq");
  for (const auto* entry = parsed.get(); entry->keyword; ++entry) {
    if (command_line && std::string_view(entry->keyword) == "password" && entry->val) {
      refuse_option("--" + option + " holds a password, which every user of this machine can read in ps",
             "use passfile=FILE in the connection string, or put the option into --config FILE or "
             "the environment");
    }
  }
}

}  // namespace daas
