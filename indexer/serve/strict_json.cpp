#include "serve/strict_json.hpp"

#include <set>
#include <string>
#include <vector>

namespace daas {

std::optional<nlohmann::json> parse_strict_object(std::string_view text) {
  using nlohmann::json;
  constexpr std::size_t kDeepest = 32;

  // A first pass by events only: nlohmann's DOM would keep the last of two equal members.
  struct Checker : nlohmann::json_sax<json> {
    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return true; }
    bool number_unsigned(number_unsigned_t) override { return true; }
    bool number_float(number_float_t, const string_t&) override { return true; }
    bool string(string_t&) override { return true; }
    bool binary(binary_t&) override { return false; }
    bool start_object(std::size_t) override { return open(); }
    bool key(string_t& name) override { return members.back().insert(name).second; }
    bool end_object() override { return close(); }
    bool start_array(std::size_t) override { return open(); }
    bool end_array() override { return close(); }
    bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
      return false;
    }

    bool open() {
      members.emplace_back();
      return members.size() <= kDeepest;
    }
    bool close() {
      members.pop_back();
      return true;
    }
    std::vector<std::set<std::string>> members;
  } checker;

  if (!json::sax_parse(text, &checker)) return std::nullopt;
  auto parsed = json::parse(text, nullptr, false);
  if (!parsed.is_object()) return std::nullopt;
  return parsed;
}

}  // namespace daas
