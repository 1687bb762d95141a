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

#include "core/bytea_text.hpp"
#include "core/date_time.hpp"
#include "core/digit.hpp"
#include "core/float_text.hpp"
#include "core/interval.hpp"
#include "core/network_key.hpp"
#include "core/numeric_key.hpp"
#include "core/string_twin.hpp"
#include "core/utf8.hpp"

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

std::string in_quotes(std::string_view text) {
  return '"' + std::string(text) + '"';
}

ParsedValue invalid_syntax(std::string_view type, std::string_view text,
                           std::string_view sqlstate = kInvalidText) {
  return refused(sqlstate,
                 "invalid input syntax for type " + std::string(type) + ": " + in_quotes(text));
}

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
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
                     "value " + in_quotes(text) + " is out of range for type " + std::string(type));
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
    return refused(kOutOfRange, in_quotes(named) + " is out of range for type " + std::string(type));
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
    return refused(kDatetimeOverflow, "date/time field value out of range: " + in_quotes(text));
  }
  if (!value && error == DateTimeError::kZone) {
    return refused("22009", "time zone displacement out of range: " + in_quotes(text));
  }
  if (!value) return invalid_syntax(name, text, kInvalidDatetime);
  if (type == ValueType::kDate) {
    if (const auto days = date_of(*value)) return twin_of(std::to_string(*days));
    return refused(kDatetimeOverflow, "date out of range: " + in_quotes(text));
  }
  const auto microseconds =
      type == ValueType::kTimestamp ? timestamp_of(*value) : timestamptz_of(*value);
  if (microseconds) return twin_of(std::to_string(*microseconds));
  return refused(kDatetimeOverflow, "timestamp out of range: " + in_quotes(text));
}

ParsedValue parse_time_of_day(std::string_view text) {
  DateTimeError error{};
  if (const auto value = parse_time(text, error)) return twin_of(std::to_string(*value));
  if (error == DateTimeError::kRange) {
    return refused(kDatetimeOverflow, "date/time field value out of range: " + in_quotes(text));
  }
  return invalid_syntax("time", text, kInvalidDatetime);
}

ParsedValue parse_interval_key(std::string_view text) {
  IntervalError error{};
  if (const auto value = parse_interval(text, error)) return twin_of(interval_key(*value));
  if (error == IntervalError::kRange) {
    return refused("22015", "interval field value out of range: " + in_quotes(text));
  }
  return invalid_syntax("interval", text, kInvalidDatetime);
}

ParsedValue parse_character(std::string_view text) {
  while (text.ends_with(' ')) text.remove_suffix(1);
  return twin_of(string_twin(text));
}

ParsedValue parse_name(std::string_view text) {
  constexpr std::size_t kMostBytes = 63;
  auto kept = std::min(text.size(), kMostBytes);
  while (kept < text.size() && kept > 0 && (static_cast<unsigned char>(text[kept]) & 0xC0) == 0x80) --kept;
  return twin_of(std::string(text.substr(0, kept)));
}

ParsedValue parse_bytes(std::string_view text) {
  ByteaError error{};
  if (const auto hex = bytea_text(text, error)) return twin_of(string_twin(*hex));
  switch (error.kind) {
    case ByteaError::Kind::kDigit:
      return refused("22023", "invalid hexadecimal digit: " + in_quotes(error.character));
    case ByteaError::Kind::kOdd:
      return refused("22023", "invalid hexadecimal data: odd number of digits");
    case ByteaError::Kind::kEscape:
      break;
  }
  return refused(kInvalidText, "invalid input syntax for type bytea");
}

/// PostgreSQL takes -1 for 4294967295, which nobody means.
ParsedValue parse_oid(std::string_view text) {
  constexpr std::int64_t kMost = UINT32_MAX;
  if (trimmed(text).starts_with('-')) return invalid_syntax("oid", text);
  return parse_integer(text, "oid", -kMost, kMost);
}

ParsedValue parse_bits(std::string_view text) {
  const bool hex = text.starts_with('x') || text.starts_with('X');
  if (hex || text.starts_with('b') || text.starts_with('B')) text.remove_prefix(1);
  std::string bits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!hex && (text[i] == '0' || text[i] == '1')) {
      bits += text[i];
      continue;
    }
    const auto digit = std::string_view("0123456789abcdef").find(lower(text.substr(i, 1)));
    if (!hex || digit == std::string_view::npos) {
      return refused(kInvalidText, in_quotes(first_character(text.substr(i))) + " is not a valid " +
                                       (hex ? "hexadecimal" : "binary") + " digit");
    }
    for (const unsigned mask : {8U, 4U, 2U, 1U}) bits += (digit & mask) != 0 ? '1' : '0';
  }
  return twin_of(string_twin(bits));
}

ParsedValue parse_address(ValueType type, std::string_view text) {
  if (type == ValueType::kInet) {
    auto key = inet_key(text);
    return key ? twin_of(std::move(*key)) : invalid_syntax("inet", text);
  }
  const bool wide = type == ValueType::kMacaddr8;
  auto address = macaddr_text(trimmed(text), wide ? 8 : 6);
  return address ? twin_of(std::move(*address))
                 : invalid_syntax(wide ? "macaddr8" : "macaddr", text);
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
    case ValueType::kCharacter:
      return parse_character(text);
    case ValueType::kName:
      return parse_name(text);
    case ValueType::kTime:
      return parse_time_of_day(text);
    case ValueType::kInterval:
      return parse_interval_key(text);
    case ValueType::kBytea:
      return parse_bytes(text);
    case ValueType::kInet:
    case ValueType::kMacaddr:
    case ValueType::kMacaddr8:
      return parse_address(type, text);
    case ValueType::kBit:
      return parse_bits(text);
    case ValueType::kOid:
      return parse_oid(text);
    case ValueType::kEnum:
      // A label that the enum doesn't have equals no value.
      return twin_of(std::string(text));
    case ValueType::kJsonb:
    case ValueType::kJson:
    case ValueType::kQuoted:
    case ValueType::kWrapped:
      break;
  }
  return refused("0A000", "a column of this type can't be compared with");
}

}  // namespace daas
