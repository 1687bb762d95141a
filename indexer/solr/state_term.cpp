#include "solr/state_term.hpp"

#include <charconv>
#include <limits>

namespace daas {
namespace {

constexpr std::size_t kDigits = 16;
constexpr std::string_view kHalf = "half";

void append_digits(std::string& text, std::uint64_t number) {
  for (int shift = 60; shift >= 0; shift -= 4) text += "0123456789abcdef"[number >> shift & 15];
}

std::optional<std::uint64_t> digits(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  if (text.size() != kDigits || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::string state_term(const FenceState& state) {
  std::string term;
  append_digits(term, static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max() - state.version));
  term += ':';
  state.position ? append_digits(term, *state.position) : void(term += kHalf);
  return term;
}

std::optional<FenceState> parse_state_term(std::string_view term) {
  if (term.size() <= kDigits || term[kDigits] != ':') return std::nullopt;
  const auto age = digits(term.substr(0, kDigits));
  if (!age || *age > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
  FenceState state{std::numeric_limits<std::int64_t>::max() - static_cast<std::int64_t>(*age), std::nullopt};
  const auto rest = term.substr(kDigits + 1);
  if (rest == kHalf) return state;
  state.position = digits(rest);
  if (!state.position) return std::nullopt;
  return state;
}

}  // namespace daas
