// Dates and timestamps as PostgreSQL counts them: from 2000-01-01 00:00 UTC, proleptic Gregorian.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace daas {

constexpr std::int32_t kDateInfinity = std::numeric_limits<std::int32_t>::max();
constexpr std::int32_t kDateMinusInfinity = std::numeric_limits<std::int32_t>::min();
constexpr std::int64_t kTimestampInfinity = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kTimestampMinusInfinity = std::numeric_limits<std::int64_t>::min();

/// With DateStyle=ISO and TimeZone=UTC: `2013-01-01`, `0044-03-15 BC`, `infinity`.
void append_date(std::string& out, std::int32_t days);
/// The same: `2013-01-01 10:00:00.5`, of a timestamptz `2013-01-01 10:00:00.5+00`.
void append_timestamp(std::string& out, std::int64_t microseconds, bool with_zone);

/// Days since 2000-01-01 of a proleptic Gregorian date; year 0 is 1 BC. Any month and day in range.
std::int64_t days_of(std::int64_t year, int month, int day);

/// A date or timestamp in ISO form, as PostgreSQL prints it or a client sends it.
struct DateTime {
  enum class Kind { kFinite, kInfinity, kMinusInfinity };
  Kind kind = Kind::kFinite;
  std::int64_t days = 0;          ///< since 2000-01-01
  std::int64_t microseconds = 0;  ///< of the day; may be outside it after a zone was applied
  bool has_zone = false;
  int zone_seconds = 0;  ///< east of UTC
};

enum class DateTimeError { kSyntax, kRange, kZone };

/// Reads `YYYY-MM-DD[( |T)HH:MM[:SS[.f…]]][Z|UTC|GMT|(+|-)HH[[:]MM[[:]SS]]][ BC]`, `infinity`,
/// `-infinity`, and JavaScript's `Thu Jan 01 1970 00:00:00 GMT+0000 (…)`: what is read means what
/// it means to PostgreSQL, which reads more. Nothing and `error` when the text is none of these.
std::optional<DateTime> parse_date_time(std::string_view text, DateTimeError& error);

/// A time of day in microseconds, `HH:MM[:SS[.f…]]` up to 24:00:00, as PostgreSQL reads it, which
/// reads more. Nothing and `error` when the text is none.
std::optional<std::int64_t> parse_time(std::string_view text, DateTimeError& error);

/// As timestamptz: the zone is applied, UTC without one. Nothing outside PostgreSQL's range.
std::optional<std::int64_t> timestamptz_of(const DateTime& value);
/// As timestamp: the zone is ignored, as PostgreSQL does.
std::optional<std::int64_t> timestamp_of(const DateTime& value);
/// As date: time and zone are ignored.
std::optional<std::int32_t> date_of(const DateTime& value);

}  // namespace daas
