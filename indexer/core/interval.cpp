#include "core/interval.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "core/digit.hpp"
#include "core/numeric_key.hpp"

namespace daas {
namespace {

enum class Unit { kYear, kMonth, kWeek, kDay, kHour, kMinute, kSecond, kMillisecond, kMicrosecond };

struct UnitName {
  std::string_view name;
  Unit unit;
};

constexpr UnitName kUnits[] = {
    {"year", Unit::kYear},
    {"years", Unit::kYear},
    {"yr", Unit::kYear},
    {"yrs", Unit::kYear},
    {"y", Unit::kYear},
    {"month", Unit::kMonth},
    {"months", Unit::kMonth},
    {"mon", Unit::kMonth},
    {"mons", Unit::kMonth},
    {"week", Unit::kWeek},
    {"weeks", Unit::kWeek},
    {"w", Unit::kWeek},
    {"day", Unit::kDay},
    {"days", Unit::kDay},
    {"d", Unit::kDay},
    {"hour", Unit::kHour},
    {"hours", Unit::kHour},
    {"hr", Unit::kHour},
    {"hrs", Unit::kHour},
    {"h", Unit::kHour},
    {"minute", Unit::kMinute},
    {"minutes", Unit::kMinute},
    {"min", Unit::kMinute},
    {"mins", Unit::kMinute},
    {"m", Unit::kMinute},
    {"second", Unit::kSecond},
    {"seconds", Unit::kSecond},
    {"sec", Unit::kSecond},
    {"secs", Unit::kSecond},
    {"s", Unit::kSecond},
    {"millisecond", Unit::kMillisecond},
    {"milliseconds", Unit::kMillisecond},
    {"ms", Unit::kMillisecond},
    {"microsecond", Unit::kMicrosecond},
    {"microseconds", Unit::kMicrosecond},
    {"us", Unit::kMicrosecond},
};

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_letter(char c) {
  return lower(c) >= 'a' && lower(c) <= 'z';
}

/// A number of the text: digits, and those of a fraction.
struct Number {
  bool negative = false;
  std::int64_t whole = 0;
  std::int64_t micro = 0;  ///< the fraction in millionths, rounded as PostgreSQL does
  bool has_fraction = false;
};

class IntervalReader {
 public:
  explicit IntervalReader(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }
  char peek() const { return rest_.empty() ? '\0' : rest_.front(); }
  bool out_of_range() const { return out_of_range_; }
  void refuse_range() { out_of_range_ = true; }
  bool take(char c) {
    if (done() || peek() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void skip_spaces() {
    while (peek() == ' ') rest_.remove_prefix(1);
  }
  bool digits(std::int64_t& value) {
    if (!is_digit(peek())) return false;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    out_of_range_ = out_of_range_ || error != std::errc{};
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return true;
  }
  bool fraction(std::int64_t& micro) {
    if (!take('.')) return true;
    std::size_t size = 0;
    while (size < rest_.size() && is_digit(rest_[size])) ++size;
    if (size == 0) return false;
    const std::string number = "0." + std::string(rest_.substr(0, size));
    double seconds = 0;
    std::from_chars(number.data(), number.data() + number.size(), seconds);
    rest_.remove_prefix(size);
    micro = static_cast<std::int64_t>(std::rint(seconds * 1'000'000));
    return true;
  }
  bool number(Number& number) {
    number = {};
    number.negative = take('-');
    if (!number.negative) take('+');
    if (!digits(number.whole)) return false;
    number.has_fraction = peek() == '.';
    return fraction(number.micro);
  }
  std::string word() {
    std::string word;
    while (is_letter(peek())) {
      word += lower(peek());
      rest_.remove_prefix(1);
    }
    return word;
  }

 private:
  std::string_view rest_;
  bool out_of_range_ = false;
};

/// Adds fields up; knows which were given, since PostgreSQL takes each once.
class Sum {
 public:
  bool add(Unit unit, const Number& number) {
    const unsigned bit = 1U << static_cast<unsigned>(unit);
    if ((seen_ & bit) != 0 || (number.has_fraction && unit != Unit::kSecond)) return false;
    seen_ |= bit;
    const __int128 sign = number.negative ? -1 : 1;
    const __int128 whole = sign * number.whole;
    switch (unit) {
      case Unit::kYear:
        months_ += whole * 12;
        break;
      case Unit::kMonth:
        months_ += whole;
        break;
      case Unit::kWeek:
        days_ += whole * 7;
        break;
      case Unit::kDay:
        days_ += whole;
        break;
      case Unit::kHour:
        microseconds_ += whole * 3'600'000'000;
        break;
      case Unit::kMinute:
        microseconds_ += whole * 60'000'000;
        break;
      case Unit::kSecond:
        microseconds_ += whole * 1'000'000 + sign * number.micro;
        break;
      case Unit::kMillisecond:
        microseconds_ += whole * 1'000;
        break;
      case Unit::kMicrosecond:
        microseconds_ += whole;
        break;
    }
    return true;
  }
  void negate() {
    months_ = -months_;
    days_ = -days_;
    microseconds_ = -microseconds_;
  }
  bool empty() const { return seen_ == 0; }
  std::optional<Interval> interval() const {
    if (!fits<std::int32_t>(months_) || !fits<std::int32_t>(days_) ||
        !fits<std::int64_t>(microseconds_)) {
      return std::nullopt;
    }
    return Interval{static_cast<std::int32_t>(months_), static_cast<std::int32_t>(days_),
                    static_cast<std::int64_t>(microseconds_)};
  }

 private:
  template <typename Integer>
  static bool fits(__int128 value) {
    return value >= std::numeric_limits<Integer>::min() &&
           value <= std::numeric_limits<Integer>::max();
  }
  __int128 months_ = 0, days_ = 0, microseconds_ = 0;
  unsigned seen_ = 0;
};

/// HH:MM[:SS[.f…]] after its hours; the sign is of all.
bool read_clock(IntervalReader& in, const Number& hours, Sum& sum) {
  Number minutes{.negative = hours.negative}, seconds{.negative = hours.negative};
  if (hours.has_fraction || !in.digits(minutes.whole)) return false;
  if (in.take(':')) {
    if (!in.digits(seconds.whole) || !in.fraction(seconds.micro)) return false;
  } else if (in.peek() == '.') {
    return false;  // PostgreSQL takes it for minutes and seconds
  }
  if (minutes.whole > 59 || seconds.whole > 60) in.refuse_range();
  return sum.add(Unit::kHour, hours) && sum.add(Unit::kMinute, minutes) &&
         sum.add(Unit::kSecond, seconds);
}

bool read_fields(IntervalReader& in, Sum& sum) {
  if (in.take('@')) in.skip_spaces();
  while (!in.done()) {
    if (is_letter(in.peek())) {
      if (in.word() != "ago") return false;
      sum.negate();
      in.skip_spaces();
      return in.done() && !sum.empty();
    }
    Number number;
    if (!in.number(number)) return false;
    if (in.take(':')) {
      if (!read_clock(in, number, sum)) return false;
    } else {
      in.skip_spaces();
      const auto word = in.word();
      // A number alone is seconds.
      if (word.empty() && in.done() && sum.empty()) return sum.add(Unit::kSecond, number);
      const auto* const unit = std::find_if(std::begin(kUnits), std::end(kUnits),
                                            [&](const auto& each) { return each.name == word; });
      if (unit == std::end(kUnits) || !sum.add(unit->unit, number)) return false;
    }
    in.skip_spaces();
  }
  return !sum.empty();
}

/// After the P. PostgreSQL takes upper-case letters only.
bool read_iso(IntervalReader& in, Sum& sum) {
  static constexpr std::string_view kDateLetters = "YMWD", kTimeLetters = "HMS";
  static constexpr Unit kDateUnits[] = {Unit::kYear, Unit::kMonth, Unit::kWeek, Unit::kDay};
  static constexpr Unit kTimeUnits[] = {Unit::kHour, Unit::kMinute, Unit::kSecond};
  bool time = false;
  while (!in.done()) {
    if (!time && in.take('T')) time = true;
    Number number;
    if (!in.number(number)) return false;
    const char letter = in.peek();
    const auto at = (time ? kTimeLetters : kDateLetters).find(letter);
    if (at == std::string_view::npos || !in.take(letter)) return false;
    if (!sum.add(time ? kTimeUnits[at] : kDateUnits[at], number)) return false;
  }
  return !sum.empty();
}

}  // namespace

std::optional<Interval> parse_interval(std::string_view text, IntervalError& error) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  error = IntervalError::kSyntax;
  Sum sum;
  IntervalReader in(text);
  const bool read = in.take('P') ? read_iso(in, sum) : read_fields(in, sum);
  if (!read) return std::nullopt;
  error = IntervalError::kRange;
  if (in.out_of_range()) return std::nullopt;
  return sum.interval();
}

std::string interval_key(const Interval& interval) {
  __int128 total =
      interval.microseconds +
      static_cast<__int128>(30 * std::int64_t{interval.months} + interval.days) * 86'400'000'000;
  const bool negative = total < 0;
  if (negative) total = -total;
  std::string digits;
  do {
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(total % 10)));
    total /= 10;
  } while (total > 0);
  return *numeric_key(negative ? "-" + digits : digits);
}

}  // namespace daas
