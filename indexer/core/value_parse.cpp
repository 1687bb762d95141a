#include "core/value_parse.hpp"

#include <locale.h>
#include <stdlib.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

#include "core/date_time.hpp"
#include "core/float_text.hpp"
#include "core/numeric_key.hpp"
#include "core/string_twin.hpp"

namespace daas {
namespace {

constexpr std::string_view kInvalidText = "22P02";
constexpr std::string_view kOutOfRange = "22003";
constexpr std::string_view kInvalidDatetime = "22007";
constexpr std::string_view kDatetimeOverflow = "22008";

ParsedValue twin_of(std::string twin) {
  return {.twin = std::move(twin), .sqlstate = {}, .message = {}};
}

ParsedValue refused(std::string_view sqlstate, std::string message) {
  return {.twin = {}, .sqlstate = std::string(sqlstate), .message = std::move(message)};
}

std::string quoted(std::string_view text) {
  return '"' + std::string(text) + '"';
}

ParsedValue invalid_syntax(std::string_view type, std::string_view text,
                           std::string_view sqlstate = kInvalidText) {
  return refused(sqlstate,
                 "invalid input syntax for type " + std::string(type) + ": " + quoted(text));
}

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

ParsedValue parse_boolean(std::string_view text) {
  const auto word = lower(trimmed(text));
  const auto abbreviates = [&](std::string_view full, std::size_t least) {
    return word.size() >= least && full.starts_with(word);
  };
  if (abbreviates("true", 1) || abbreviates("yes", 1) || abbreviates("on", 2) || word == "1") {
    return twin_of("true");
  }
  if (abbreviates("false", 1) || abbreviates("no", 1) || abbreviates("off", 2) || word == "0") {
    return twin_of("false");
  }
  return invalid_syntax("boolean", text);
}

ParsedValue parse_integer(std::string_view text, std::string_view type, std::int64_t least,
                          std::int64_t most) {
  auto rest = trimmed(text);
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  if (rest.empty()) return invalid_syntax(type, text);
  // Counted downwards: the least value has no positive counterpart.
  std::int64_t value = 0;
  for (const char c : rest) {
    if (!is_digit(c)) return invalid_syntax(type, text);
    if (__builtin_mul_overflow(value, 10, &value) ||
        __builtin_sub_overflow(value, c - '0', &value) || value < least ||
        (!negative && value < -most)) {
      // PostgreSQL says so at this digit, whatever follows.
      return refused(kOutOfRange,
                     "value " + quoted(text) + " is out of range for type " + std::string(type));
    }
  }
  return twin_of(std::to_string(negative ? value : -value));
}

/// strtod as PostgreSQL calls it, whatever the process's locale is.
template <typename Float>
Float to_float(const char* text, char** end) {
  static const locale_t kLocale = newlocale(LC_ALL_MASK, "C", nullptr);
  if constexpr (std::is_same_v<Float, float>) {
    return strtof_l(text, end, kLocale);
  } else {
    return strtod_l(text, end, kLocale);
  }
}

template <typename Float>
ParsedValue parse_float(std::string_view text, std::string_view type) {
  const std::string number(trimmed(text));
  char* end = nullptr;
  errno = 0;
  const auto value = to_float<Float>(number.c_str(), &end);
  const auto read = static_cast<std::size_t>(end - number.c_str());
  if (read == 0) return invalid_syntax(type, text);
  if (errno == ERANGE && (value == 0 || std::isinf(value))) {
    // PostgreSQL names the number that it read; for real, all that it was given.
    const auto named =
        std::is_same_v<Float, float> ? text : std::string_view(number).substr(0, read);
    return refused(kOutOfRange, quoted(named) + " is out of range for type " + std::string(type));
  }
  if (read != number.size()) return invalid_syntax(type, text);
  std::string twin;
  // Equal numbers have one twin, and -0 equals 0.
  const auto unsigned_zero = value == 0 ? Float(0) : value;
  if constexpr (std::is_same_v<Float, float>) {
    append_float(twin, unsigned_zero);
  } else {
    append_double(twin, unsigned_zero);
  }
  return twin_of(std::move(twin));
}

// numeric.h of PostgreSQL: digits before and after the point.
constexpr std::int64_t kNumericWeight = 131072;
constexpr std::int64_t kNumericScale = 16383;

ParsedValue parse_numeric(std::string_view text) {
  const auto number = trimmed(text);
  const auto word = lower(number);
  if (word == "nan") return twin_of(*numeric_key("NaN"));
  for (const std::string_view infinity : {"infinity", "inf"}) {
    if (word == infinity || (word.starts_with('+') && word.substr(1) == infinity)) {
      return twin_of(*numeric_key("Infinity"));
    }
    if (word.starts_with('-') && word.substr(1) == infinity)
      return twin_of(*numeric_key("-Infinity"));
  }
  const auto e = word.find('e');
  const auto mantissa = std::string_view(word).substr(0, e);
  std::int64_t exponent = 0;
  if (e != std::string::npos) {
    auto digits = std::string_view(word).substr(e + 1);
    const bool negative = digits.starts_with('-');
    if (negative || digits.starts_with('+')) digits.remove_prefix(1);
    if (digits.empty() || !std::all_of(digits.begin(), digits.end(), is_digit)) {
      return invalid_syntax("numeric", text);
    }
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
    constexpr std::int64_t kFar = std::numeric_limits<std::int32_t>::max() / 2;
    exponent = error == std::errc{} ? std::min(exponent, kFar) : kFar;
    if (negative) exponent = -exponent;
    if (exponent == kFar || exponent == -kFar) {
      return numeric_key(mantissa) ? refused(kOutOfRange, "value overflows numeric format")
                                   : invalid_syntax("numeric", text);
    }
  }
  const auto normal = std::string(mantissa) + "e" + std::to_string(exponent);
  const auto key = numeric_key(mantissa);
  if (!key) return invalid_syntax("numeric", text);
  const auto point = mantissa.find('.');
  const auto fraction = point == std::string_view::npos ? 0 : mantissa.size() - point - 1;
  const auto whole = mantissa.substr(0, point);
  const auto first = whole.find_first_of("123456789");
  const bool zero = mantissa.find_first_of("123456789") == std::string_view::npos;
  if (static_cast<std::int64_t>(fraction) - exponent > kNumericScale) {
    return refused(kOutOfRange, "value overflows numeric format");
  }
  if (zero) return twin_of(*key);
  std::int64_t weight = exponent;
  if (first != std::string_view::npos) {
    weight += static_cast<std::int64_t>(whole.size() - first);
  } else {
    weight -= static_cast<std::int64_t>(mantissa.find_first_of("123456789", point) - point - 1);
  }
  if (weight > kNumericWeight) return refused(kOutOfRange, "value overflows numeric format");
  const auto shifted = numeric_key(normal);
  if (!shifted) return refused(kOutOfRange, "value overflows numeric format");
  return twin_of(string_twin(*shifted));
}

ParsedValue parse_uuid(std::string_view text) {
  auto rest = text;
  const bool braces = rest.starts_with('{');
  if (braces) rest.remove_prefix(1);
  std::string twin;
  for (int byte = 0; byte < 16; ++byte) {
    for (int nibble = 0; nibble < 2; ++nibble) {
      const char c = rest.empty() ? '\0' : rest.front();
      const char folded = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
      if (!is_digit(folded) && (folded < 'a' || folded > 'f')) return invalid_syntax("uuid", text);
      twin += folded;
      rest.remove_prefix(1);
    }
    if (byte == 3 || byte == 5 || byte == 7 || byte == 9) twin += '-';
    if (byte % 2 == 1 && byte < 15 && rest.starts_with('-')) rest.remove_prefix(1);
  }
  if (braces) {
    if (!rest.starts_with('}')) return invalid_syntax("uuid", text);
    rest.remove_prefix(1);
  }
  if (!rest.empty()) return invalid_syntax("uuid", text);
  return twin_of(std::move(twin));
}

ParsedValue parse_moment(ValueType type, std::string_view text) {
  const std::string_view name = type == ValueType::kDate        ? "date"
                                : type == ValueType::kTimestamp ? "timestamp"
                                                                : "timestamp with time zone";
  DateTimeError error{};
  const auto value = parse_date_time(text, error);
  if (!value && error == DateTimeError::kRange) {
    return refused(kDatetimeOverflow, "date/time field value out of range: " + quoted(text));
  }
  if (!value && error == DateTimeError::kZone) {
    return refused("22009", "time zone displacement out of range: " + quoted(text));
  }
  if (!value) return invalid_syntax(name, text, kInvalidDatetime);
  if (type == ValueType::kDate) {
    if (const auto days = date_of(*value)) return twin_of(std::to_string(*days));
    return refused(kDatetimeOverflow, "date out of range: " + quoted(text));
  }
  const auto microseconds =
      type == ValueType::kTimestamp ? timestamp_of(*value) : timestamptz_of(*value);
  if (microseconds) return twin_of(std::to_string(*microseconds));
  return refused(kDatetimeOverflow, "timestamp out of range: " + quoted(text));
}

}  // namespace

ParsedValue parse_value(ValueType type, std::string_view text) {
  switch (type) {
    case ValueType::kBoolean:
      return parse_boolean(text);
    case ValueType::kInt2:
      return parse_integer(text, "smallint", INT16_MIN, INT16_MAX);
    case ValueType::kInt4:
      return parse_integer(text, "integer", INT32_MIN, INT32_MAX);
    case ValueType::kInt8:
      return parse_integer(text, "bigint", INT64_MIN, INT64_MAX);
    case ValueType::kFloat4:
      return parse_float<float>(text, "real");
    case ValueType::kFloat8:
      return parse_float<double>(text, "double precision");
    case ValueType::kNumeric:
      return parse_numeric(text);
    case ValueType::kText:
      return twin_of(string_twin(text));
    case ValueType::kUuid:
      return parse_uuid(text);
    case ValueType::kDate:
    case ValueType::kTimestamp:
    case ValueType::kTimestampTz:
      return parse_moment(type, text);
    case ValueType::kJsonb:
    case ValueType::kWrapped:
      break;
  }
  return refused("0A000", "a column of this type can't be compared with");
}

}  // namespace daas
