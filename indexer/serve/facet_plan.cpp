#include <charconv>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/date_time.hpp"
#include "core/interval.hpp"
#include "core/value_parse.hpp"
#include "serve/facet.hpp"

namespace daas {
namespace {

using nlohmann::json;

constexpr std::size_t kMostRanges = 1000;
constexpr std::int64_t kDayMicroseconds = 86'400'000'000;
/// Whatever is added to a bound within stays a 64-bit number.
constexpr std::int64_t kFarthest = std::int64_t{1} << 61;
/// Of bounds in time: about the years from -7800 to 11800, within which the calendar of the library holds.
constexpr std::int64_t kFarthestDay = 3'580'000;

bool counts_values(ValueType type) {
  switch (type) {
    case ValueType::kBoolean:
    case ValueType::kInt2:
    case ValueType::kInt4:
    case ValueType::kInt8:
    case ValueType::kOid:
    case ValueType::kText:
    case ValueType::kName:
    case ValueType::kUuid:
    case ValueType::kEnum:
    case ValueType::kDate: return true;
    default: return false;
  }
}

bool is_whole(ValueType type) {
  return type == ValueType::kInt2 || type == ValueType::kInt4 || type == ValueType::kInt8;
}
bool is_float(ValueType type) { return type == ValueType::kFloat4 || type == ValueType::kFloat8; }
bool is_moment(ValueType type) {
  return type == ValueType::kDate || type == ValueType::kTimestamp || type == ValueType::kTimestampTz;
}

/// Twins of the bounds, and what the answer shows of them.
struct Bounds {
  std::vector<json> twins;
  std::vector<std::string> shown;
};

class RangePlan {
 public:
  RangePlan(const Facet& facet, const Column& column, const Api& api)
      : facet_(facet), type_(column.type), place_("facet on column " + api.path + "." + column.name + " of type " + column.pg_type) {}

  Bounds bounds() const {
    if (is_float(type_)) return floats();
    return is_moment(type_) ? moments() : wholes();
  }

 private:
  std::string twin(const std::string& text) const {
    auto parsed = parse_value(type_, text);
    if (!parsed.ok()) throw Refusal(400, parsed.sqlstate, parsed.message, place_);
    return std::move(parsed.twin);
  }
  std::int64_t number(const std::string& text) const {
    const auto digits = twin(text);
    std::int64_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    const auto farthest = is_whole(type_) ? kFarthest : type_ == ValueType::kDate ? kFarthestDay : kFarthestDay * kDayMicroseconds;
    if (value > farthest || value < -farthest) throw Refusal(400, "22003", "bound \"" + text + "\" of a range is too far away", place_);
    return value;
  }
  [[noreturn]] void bad_step(const char* hint) const {
    throw Refusal(400, "22P02", "\"" + facet_.step + "\" is no step of a range", place_, hint);
  }
  void check(bool rises, std::size_t count) const {
    if (!rises) throw Refusal(400, "22023", "a range ends where it begins, or before", place_);
    if (count > kMostRanges) throw Refusal(400, "54000", "a facet has over 1,000 ranges", place_, "take a larger step");
  }

  Bounds floats() const {
    const auto value = [&](const std::string& text) {
      const auto digits = twin(text);
      double parsed = 0;
      std::from_chars(digits.data(), digits.data() + digits.size(), parsed);
      return parsed;
    };
    const double from = value(facet_.from), to = value(facet_.to), step = value(facet_.step);
    if (!std::isfinite(step) || step <= 0 || !std::isfinite(from) || !std::isfinite(to)) bad_step("numbers: name(0..1,0.1)");
    check(from < to, (to - from) / step > kMostRanges + 0.5 ? kMostRanges + 1 : 1);
    Bounds bounds;
    for (int i = 0;; ++i) {
      const double at = std::min(from + i * step, to);
      bounds.twins.emplace_back(at);
      bounds.shown.push_back(json(at).dump());
      if (at >= to) return bounds;
    }
  }

  Bounds wholes() const {
    const auto from = number(facet_.from), to = number(facet_.to);
    std::int64_t step = 0;
    const auto& text = facet_.step;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), step);
    if (error != std::errc{} || end != text.data() + text.size() || step < 1 || step > kFarthest) bad_step("a whole number: name(0..100,10)");
    return stepped(from, to, [&](std::int64_t i) { return from + i * step; }, (to - from - 1) / step + 1);
  }

  /// Dates by whole days; months keep their day where they have it, as PostgreSQL adds them.
  Bounds moments() const {
    const bool date = type_ == ValueType::kDate;
    IntervalError error{};
    const auto step = parse_interval(facet_.step, error);
    const std::int64_t unit = date ? kDayMicroseconds : 1;
    const bool positive = step && step->months >= 0 && step->days >= 0 && step->microseconds >= 0 &&
                          (step->months > 0 || step->days > 0 || step->microseconds > 0);
    if (!positive || (date && step->microseconds != 0)) bad_step(date ? "days, weeks, months or years: name(2024-01-01..2025-01-01,1 month)"
                                                                       : "an interval: name(2024-01-01..2024-01-02,1 hour)");
    const auto from = number(facet_.from), to = number(facet_.to);
    const double least = (step->months * 28.0 + step->days) * static_cast<double>(kDayMicroseconds) + static_cast<double>(step->microseconds);
    // One range, also where a second step would leave the calendar.
    if (least >= static_cast<double>(to - from) * static_cast<double>(unit)) return stepped(from, to, [&](std::int64_t i) { return i == 0 ? from : to; }, 1);
    const double most = static_cast<double>(to - from) * static_cast<double>(unit) / least + 1;
    return stepped(from, to, [&](std::int64_t i) { return later(from, unit, *step, i); },
                   most > 1e6 ? kMostRanges + 1 : static_cast<std::int64_t>(most));
  }

  static std::int64_t later(std::int64_t from, std::int64_t unit, const Interval& step, std::int64_t times) {
    using namespace std::chrono;
    const std::int64_t day_units = kDayMicroseconds / unit;
    std::int64_t days = from / day_units - (from % day_units < 0 ? 1 : 0);
    const std::int64_t rest = from - days * day_units;
    if (step.months != 0) {
      constexpr sys_days kEpoch = year{2000} / January / 1;
      const year_month_day date(kEpoch + std::chrono::days(days));
      auto moved = date + months(step.months * times);
      if (!moved.ok()) moved = moved.year() / moved.month() / last;
      days = (sys_days(moved) - kEpoch).count();
    }
    return (days + step.days * times) * day_units + rest + step.microseconds / unit * times;
  }

  template <typename At>
  Bounds stepped(std::int64_t from, std::int64_t to, const At& at, std::int64_t most) const {
    check(from < to, 1);
    Bounds bounds;
    // Months differ: an estimate from above decides before the first step is made, the count itself after it.
    check(true, most > static_cast<std::int64_t>(kMostRanges) * 2 ? kMostRanges + 1 : 1);
    for (std::int64_t i = 0;; ++i) {
      const auto bound = std::min(at(i), to);
      bounds.twins.emplace_back(bound);
      bounds.shown.push_back(shown(bound));
      check(true, bounds.twins.size() - 1);
      if (bound >= to) return bounds;
    }
  }

  std::string shown(std::int64_t bound) const {
    std::string text;
    if (type_ == ValueType::kDate) {
      append_date(text, static_cast<std::int32_t>(bound));
    } else if (is_moment(type_)) {
      append_timestamp(text, bound, false);
      text.replace(text.find(' '), 1, "T");
      if (type_ == ValueType::kTimestampTz) text.insert(text.ends_with(" BC") ? text.size() - 3 : text.size(), "+00:00");
    } else {
      return std::to_string(bound);
    }
    return '"' + text + '"';
  }

  const Facet& facet_;
  ValueType type_;
  std::string place_;
};

Refusal no_such_facet(const Column& column, const Api& api, bool ranges) {
  return {400, "PGRST127", "Feature not implemented",
          "column " + api.path + "." + column.name + " of type " + column.pg_type + " has no facets " +
              (ranges ? "of ranges; numbers, dates and timestamps have" : "of values; texts, whole numbers, booleans, dates, enums, uuids and arrays of these have"),
          ""};
}

}  // namespace

FacetShape plan_facet(const Facet& facet, std::size_t facet_number, const Column& column, const Api& api, std::string& member) {
  FacetShape shape{facet.name, "facet" + std::to_string(facet_number), element_type(column).value_or(column.type), {}};
  nlohmann::ordered_json solr;
  if (facet.step.empty()) {
    if (!counts_values(shape.type)) throw no_such_facet(column, api, false);
    solr = {{"type", "terms"}, {"field", solr_field(column)}, {"limit", facet.most}, {"mincount", 1},
            // Arrays may be missing in two ways, NULL and empty, which one bucket would mix up.
            {"missing", !element_type(column)}, {"refine", true}};
  } else {
    const bool has = !element_type(column) && (is_whole(column.type) || is_float(column.type) || is_moment(column.type));
    if (!has) throw no_such_facet(column, api, true);
    auto bounds = RangePlan(facet, column, api).bounds();
    auto ranges = nlohmann::ordered_json::array();
    for (std::size_t i = 0; i + 1 < bounds.twins.size(); ++i) {
      ranges.push_back({{"from", bounds.twins[i]}, {"to", bounds.twins[i + 1]}});
    }
    solr = {{"type", "range"}, {"field", solr_field(column)}, {"ranges", std::move(ranges)}};
    shape.bounds = std::move(bounds.shown);
  }
  member = '"' + shape.key + "\":" + solr.dump();
  return shape;
}

}  // namespace daas
