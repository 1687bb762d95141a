// Intervals as PostgreSQL compares them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace daas {

struct Interval {
  std::int32_t months = 0;
  std::int32_t days = 0;
  std::int64_t microseconds = 0;
};

enum class IntervalError { kSyntax, kRange };

/// Reads what PostgreSQL prints under IntervalStyle=postgres (`1 year 2 mons -3 days 04:05:06.5`),
/// numbers with units (`90 minutes`, `1.5 s`, `2 weeks ago`), and ISO 8601 (`P1Y2M3DT4H5M6.5S`).
/// What is read means what it means to PostgreSQL, which reads more. Only seconds have fractions.
std::optional<Interval> parse_interval(std::string_view text, IntervalError& error);

/// Order-preserving string of the microseconds, a month being 30 days and a day 24 hours, as
/// PostgreSQL compares: `1 mon` equals `30 days`.
std::string interval_key(const Interval& interval);

}  // namespace daas
