#include "core/date_time.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "core/digit.hpp"

namespace daas {
namespace {

constexpr std::int64_t kMicrosecondsPerDay = 86'400'000'000;
constexpr std::int64_t kEpochDays = 10957;  ///< from 1970-01-01 to 2000-01-01
// datatype/timestamp.h of PostgreSQL: 4714-11-24 BC (Julian day 0), the ends of timestamp and date.
constexpr std::int64_t kFirstDay = -2451545;
constexpr std::int64_t kEndTimestamp = 9223371331200000000;
constexpr std::int64_t kEndDate = 2147483494 - 2451545;

struct Civil {
  std::int64_t year = 0;
  int month = 0;
  int day = 0;
};

/// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
Civil civil_of(std::int64_t days_since_2000) {
  const std::int64_t z = days_since_2000 + kEpochDays + 719468;
  const std::int64_t era = (z >= 0 ? z : z - 146096) / 146097;
  const auto doe = static_cast<unsigned>(z - era * 146097);
  const unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const unsigned mp = (5 * doy + 2) / 153;
  Civil civil;
  civil.day = static_cast<int>(doy - (153 * mp + 2) / 5 + 1);
  civil.month = static_cast<int>(mp < 10 ? mp + 3 : mp - 9);
  civil.year = static_cast<std::int64_t>(yoe) + era * 400 + (civil.month <= 2 ? 1 : 0);
  return civil;
}

void append_padded(std::string& out, std::int64_t number, std::size_t width) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  const auto size = static_cast<std::size_t>(end - digits);
  if (size < width) out.append(width - size, '0');
  out.append(digits, size);
}

/// Returns whether the year is BC, which stands at the end.
bool append_civil(std::string& out, std::int64_t days) {
  const auto civil = civil_of(days);
  const bool bc = civil.year <= 0;
  append_padded(out, bc ? 1 - civil.year : civil.year, 4);
  out += '-';
  append_padded(out, civil.month, 2);
  out += '-';
  append_padded(out, civil.day, 2);
  return bc;
}

bool leap(std::int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int days_in(std::int64_t year, int month) {
  static constexpr std::array kDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && leap(year) ? 29 : kDays[static_cast<std::size_t>(month - 1)];
}

/// Reads from the front of a text.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }
  char peek() const { return rest_.empty() ? '\0' : rest_.front(); }
  bool take(char c) {
    if (peek() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool take(std::string_view word) {
    if (rest_.size() < word.size()) return false;
    const bool same = std::equal(word.begin(), word.end(), rest_.begin(), [](char a, char b) {
      return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b - 'A' + 'a') : b);
    });
    if (same) rest_.remove_prefix(word.size());
    return same;
  }
  /// A number of `least` to `most` digits.
  bool number(std::size_t least, std::size_t most, std::int64_t& value) {
    const auto size = digits();
    if (size < least || size > most) return false;
    std::from_chars(rest_.data(), rest_.data() + size, value);
    rest_.remove_prefix(size);
    return true;
  }
  /// Digits of a fraction, rounded to microseconds as PostgreSQL does: by way of a double.
  std::int64_t fraction() {
    const auto size = digits();
    const std::string number = "0." + std::string(rest_.substr(0, size));
    double seconds = 0;
    std::from_chars(number.data(), number.data() + number.size(), seconds);
    rest_.remove_prefix(size);
    return static_cast<std::int64_t>(std::rint(seconds * 1'000'000));
  }
  std::size_t digits() const {
    std::size_t size = 0;
    while (size < rest_.size() && is_digit(rest_[size])) ++size;
    return size;
  }
  void skip_spaces() {
    while (take(' ')) {
    }
  }
  void skip_all() { rest_ = {}; }

 private:
  std::string_view rest_;
};

struct Fields {
  std::int64_t year = 0, month = 0, day = 0;
  std::int64_t hour = 0, minute = 0, second = 0, microsecond = 0;
  bool year_zero = false;  ///< there is none: 1 BC is followed by 1 AD
  bool zone_in_range = true;
};

bool read_time(Reader& in, Fields& fields) {
  if (!in.number(1, 2, fields.hour) || !in.take(':') || !in.number(1, 2, fields.minute))
    return false;
  if (!in.take(':')) return true;
  if (!in.number(1, 2, fields.second)) return false;
  if (in.take('.')) fields.microsecond = in.fraction();
  return true;
}

bool read_offset(Reader& in, Fields& fields, DateTime& value) {
  const bool east = in.take('+');
  if (!east && !in.take('-')) return false;
  const bool packed = in.digits() > 2;
  std::int64_t hours = 0, minutes = 0, seconds = 0;
  if (!in.number(1, 6, hours)) return false;
  if (packed) {
    minutes = hours % 100;
    hours /= 100;
  } else if (in.take(':')) {
    if (!in.number(1, 2, minutes)) return false;
    if (in.take(':') && !in.number(1, 2, seconds)) return false;
  }
  value.has_zone = true;
  fields.zone_in_range = hours <= 15 && minutes <= 59 && seconds <= 59;
  if (!fields.zone_in_range) return true;
  const auto offset = static_cast<int>(hours * 3600 + minutes * 60 + seconds);
  value.zone_seconds = east ? offset : -offset;
  return true;
}

bool take_utc(Reader& in) {
  return in.take("utc") || in.take("gmt") || in.take("z");
}

bool read_zone(Reader& in, Fields& fields, DateTime& value) {
  if (take_utc(in)) {
    // PostgreSQL takes `UTC+2` for a POSIX zone, which is west of UTC.
    value.has_zone = true;
    return in.peek() != '+' && in.peek() != '-';
  }
  return (in.peek() != '+' && in.peek() != '-') || read_offset(in, fields, value);
}

bool in_range(const Fields& f) {
  if (f.year_zero || f.month < 1 || f.month > 12 || f.day < 1) return false;
  if (f.day > days_in(f.year, static_cast<int>(f.month))) return false;
  if (f.hour > 24 || f.minute > 59 || f.second > 60) return false;
  return f.hour < 24 || (f.minute == 0 && f.second == 0 && f.microsecond == 0);
}

bool read_javascript(Reader& in, Fields& fields, DateTime& value) {
  static constexpr std::array kMonths{"jan", "feb", "mar", "apr", "may", "jun",
                                      "jul", "aug", "sep", "oct", "nov", "dec"};
  bool day_name = false;
  for (const auto* name : {"mon ", "tue ", "wed ", "thu ", "fri ", "sat ", "sun "}) {
    day_name = day_name || in.take(std::string_view(name));
  }
  if (!day_name) return false;
  for (std::size_t i = 0; i < kMonths.size() && fields.month == 0; ++i) {
    if (in.take(std::string_view(kMonths[i]))) fields.month = static_cast<std::int64_t>(i) + 1;
  }
  if (fields.month == 0 || !in.take(' ') || !in.number(2, 2, fields.day) || !in.take(' ') ||
      !in.number(4, 6, fields.year) || !in.take(' ') || !read_time(in, fields)) {
    return false;
  }
  if (!in.take(" gmt") || !read_offset(in, fields, value)) return false;
  // Only the name in parentheses says that JavaScript wrote it: without, PostgreSQL takes the
  // offset for a POSIX one, which is west of UTC.
  if (value.zone_seconds == 0 && in.done()) return true;
  if (!in.take(" (")) return false;
  in.skip_all();
  return true;
}

bool read_iso(Reader& in, Fields& fields, DateTime& value) {
  if (!in.number(4, 9, fields.year) || !in.take('-') || !in.number(1, 2, fields.month) ||
      !in.take('-') || !in.number(1, 2, fields.day)) {
    return false;
  }
  const bool time_follows = in.take('T') || in.take('t');
  in.skip_spaces();
  if (is_digit(in.peek())) {
    if (!read_time(in, fields)) return false;
    in.skip_spaces();
    if (!read_zone(in, fields, value)) return false;
    in.skip_spaces();
  } else if (time_follows) {
    return false;
  }
  if (in.take("bc")) {
    fields.year = 1 - fields.year;
    fields.year_zero = fields.year == 1;
  } else {
    in.take("ad");
    fields.year_zero = fields.year == 0;
  }
  return in.done();
}

}  // namespace

std::int64_t days_of(std::int64_t year, int month, int day) {
  const std::int64_t y = year - (month <= 2 ? 1 : 0);
  const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  const auto yoe = static_cast<unsigned>(y - era * 400);
  const auto doy =
      static_cast<unsigned>((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1);
  const unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146097 + static_cast<std::int64_t>(doe) - 719468 - kEpochDays;
}

void append_date(std::string& out, std::int32_t days) {
  if (days == kDateInfinity) {
    out += "infinity";
  } else if (days == kDateMinusInfinity) {
    out += "-infinity";
  } else if (append_civil(out, days)) {
    out += " BC";
  }
}

void append_timestamp(std::string& out, std::int64_t microseconds, bool with_zone) {
  if (microseconds == kTimestampInfinity) {
    out += "infinity";
    return;
  }
  if (microseconds == kTimestampMinusInfinity) {
    out += "-infinity";
    return;
  }
  std::int64_t days = microseconds / kMicrosecondsPerDay;
  std::int64_t rest = microseconds % kMicrosecondsPerDay;
  if (rest < 0) {
    rest += kMicrosecondsPerDay;
    --days;
  }
  const bool bc = append_civil(out, days);
  const auto seconds = static_cast<int>(rest / 1'000'000);
  out += ' ';
  append_padded(out, seconds / 3600, 2);
  out += ':';
  append_padded(out, seconds / 60 % 60, 2);
  out += ':';
  append_padded(out, seconds % 60, 2);
  if (const auto fraction = rest % 1'000'000; fraction != 0) {
    out += '.';
    append_padded(out, fraction, 6);
    while (out.back() == '0') out.pop_back();
  }
  if (with_zone) out += "+00";
  if (bc) out += " BC";
}

std::optional<DateTime> parse_date_time(std::string_view text, DateTimeError& error) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  error = DateTimeError::kSyntax;
  DateTime value;
  if (Reader in(text); in.take("infinity") && in.done()) {
    value.kind = DateTime::Kind::kInfinity;
    return value;
  }
  if (Reader in(text); in.take("-infinity") && in.done()) {
    value.kind = DateTime::Kind::kMinusInfinity;
    return value;
  }
  Fields fields;
  Reader iso(text);
  if (!read_iso(iso, fields, value)) {
    fields = {};
    value = {};
    Reader javascript(text);
    if (!read_javascript(javascript, fields, value)) return std::nullopt;
  }
  if (!in_range(fields)) {
    error = DateTimeError::kRange;
    return std::nullopt;
  }
  if (!fields.zone_in_range) {
    error = DateTimeError::kZone;
    return std::nullopt;
  }
  value.days = days_of(fields.year, static_cast<int>(fields.month), static_cast<int>(fields.day));
  value.microseconds =
      ((fields.hour * 60 + fields.minute) * 60 + fields.second) * 1'000'000 + fields.microsecond;
  return value;
}

std::optional<std::int64_t> parse_time(std::string_view text, DateTimeError& error) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  error = DateTimeError::kSyntax;
  Fields fields{.year = 2000, .month = 1, .day = 1};
  Reader in(text);
  if (!read_time(in, fields) || !in.done()) return std::nullopt;
  error = DateTimeError::kRange;
  if (!in_range(fields)) return std::nullopt;
  return ((fields.hour * 60 + fields.minute) * 60 + fields.second) * 1'000'000 +
         fields.microsecond;
}

std::optional<std::int64_t> timestamp_of(const DateTime& value) {
  if (value.kind == DateTime::Kind::kInfinity) return kTimestampInfinity;
  if (value.kind == DateTime::Kind::kMinusInfinity) return kTimestampMinusInfinity;
  const __int128 microseconds =
      static_cast<__int128>(value.days) * kMicrosecondsPerDay + value.microseconds;
  if (microseconds < static_cast<__int128>(kFirstDay) * kMicrosecondsPerDay ||
      microseconds >= kEndTimestamp) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(microseconds);
}

std::optional<std::int64_t> timestamptz_of(const DateTime& value) {
  auto in_utc = value;
  in_utc.microseconds -= static_cast<std::int64_t>(value.zone_seconds) * 1'000'000;
  return timestamp_of(in_utc);
}

std::optional<std::int32_t> date_of(const DateTime& value) {
  if (value.kind == DateTime::Kind::kInfinity) return kDateInfinity;
  if (value.kind == DateTime::Kind::kMinusInfinity) return kDateMinusInfinity;
  if (value.days < kFirstDay || value.days >= kEndDate) return std::nullopt;
  return static_cast<std::int32_t>(value.days);
}

}  // namespace daas
