#include "core/numeric_key.hpp"

#include <algorithm>
#include <cstdio>

#include "core/digit.hpp"

namespace daas {
namespace {

// key = class [exponent mantissa]; classes in numeric order. The exponent is that of the first
// digit (value = 0.mantissa * 10^exponent), biased to six digits: PostgreSQL's numeric has up to
// 131,072 digits before and 16,383 after the point. Negative numbers complement every digit and end
// with `~`, which is above every digit, so that a longer mantissa (farther from zero) sorts first.
constexpr char kMinusInfinity = '0';
constexpr char kNegative = '1';
constexpr char kZero = '2';
constexpr char kPositive = '3';
constexpr char kInfinity = '4';
constexpr char kNaN = '5';
constexpr long kBias = 500000;

}  // namespace

std::optional<std::string> numeric_key(std::string_view text) {
  if (text == "NaN") return std::string(1, kNaN);
  if (text == "Infinity") return std::string(1, kInfinity);
  if (text == "-Infinity") return std::string(1, kMinusInfinity);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  std::string digits;
  long point = -1;
  std::size_t at = 0;
  for (; at < text.size() && (is_digit(text[at]) || text[at] == '.'); ++at) {
    if (text[at] != '.') {
      digits += text[at];
    } else if (point >= 0) {
      return std::nullopt;
    } else {
      point = static_cast<long>(digits.size());
    }
  }
  if (digits.empty()) return std::nullopt;
  if (point < 0) point = static_cast<long>(digits.size());
  if (at < text.size()) {
    if (text[at] != 'e' && text[at] != 'E') return std::nullopt;
    auto exponent = text.substr(at + 1);
    const bool minus = exponent.starts_with('-');
    if (minus || exponent.starts_with('+')) exponent.remove_prefix(1);
    if (exponent.empty() || exponent.size() > 6 ||
        !std::all_of(exponent.begin(), exponent.end(), is_digit)) {
      return std::nullopt;
    }
    const long shift = std::stol(std::string(exponent));
    point += minus ? -shift : shift;
  }
  const auto first = digits.find_first_not_of('0');
  if (first == std::string::npos) return std::string(1, kZero);
  point -= static_cast<long>(first);
  const auto last = digits.find_last_not_of('0');
  const long biased = point + kBias;
  if (biased < 0 || biased > 999999) return std::nullopt;
  char exponent[16];
  std::snprintf(exponent, sizeof exponent, "%06ld", biased);
  std::string key = exponent + digits.substr(first, last - first + 1);
  if (!negative) return kPositive + key;
  for (char& c : key) c = static_cast<char>('9' - c + '0');
  return kNegative + key + '~';
}

}  // namespace daas
