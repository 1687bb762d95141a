#include "core/float_text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <limits>

namespace daas {
namespace {

/// Digits without a point, and the exponent of the first one.
struct Decimal {
  std::string digits;
  int exponent = 0;
};

template <typename Float, typename... Precision>
Decimal scientific(Float value, Precision... precision) {
  char text[64];
  const auto end =
      std::to_chars(text, text + sizeof text, value, std::chars_format::scientific, precision...)
          .ptr;
  const auto e = std::find(text, end, 'e');
  Decimal decimal;
  std::copy_if(text, e, std::back_inserter(decimal.digits), [](char c) { return c != '.'; });
  while (decimal.digits.size() > 1 && decimal.digits.back() == '0') decimal.digits.pop_back();
  const auto exponent = e + (e[1] == '+' ? 2 : 1);
  std::from_chars(exponent, end, decimal.exponent);
  return decimal;
}

/// Whether the decimal lies exactly half way between `value` and a neighbour. PostgreSQL's Ryu does
/// not use such a decimal (src/common/d2s.c, acceptBounds), std::to_chars does. The half way point
/// has one binary digit more than the value, so one decimal place more where the value has any: it
/// is the shortest decimal only among whole numbers.
template <typename Float>
bool half_way(const Decimal& decimal, Float value) {
  const int zeros = decimal.exponent + 1 - static_cast<int>(decimal.digits.size());
  constexpr int kMostZeros = 25;  // 5^25 has more bits than any mantissa
  if (zeros < 0 || zeros > kMostZeros) return false;
  std::uint64_t digits = 0;
  std::from_chars(decimal.digits.data(), decimal.digits.data() + decimal.digits.size(), digits);
  // decimal = odd * 2^twos
  unsigned __int128 odd = digits;
  int twos = zeros;
  for (int i = 0; i < zeros; ++i) odd *= 5;
  while (odd % 2 == 0) {
    odd /= 2;
    ++twos;
  }
  // value = whole * 2^unit; the half way points are (2 * whole ± 1) * 2^(unit - 1), and below a
  // power of two, where the numbers stand closer, (4 * whole - 1) * 2^(unit - 2).
  int exponent = 0;
  const Float mantissa = std::frexp(value, &exponent);
  constexpr int kBits = std::numeric_limits<Float>::digits;
  const auto whole = static_cast<std::uint64_t>(std::ldexp(mantissa, kBits));
  const int unit = exponent - kBits;
  if (twos == unit - 1 && (odd == 2 * whole + 1 || odd == 2 * whole - 1)) return true;
  return mantissa == Float(0.5) && twos == unit - 2 && odd == 4 * whole - 1;
}

template <typename Float>
bool reads_back(const Decimal& decimal, Float value) {
  const auto text = decimal.digits.substr(0, 1) + "." + decimal.digits.substr(1) + "e" +
                    std::to_string(decimal.exponent);
  Float read = 0;
  std::from_chars(text.data(), text.data() + text.size(), read);
  return read == value;
}

template <typename Float>
Decimal shortest(Float value) {
  auto decimal = scientific(value);
  if (!half_way(decimal, value)) return decimal;
  for (int places = static_cast<int>(decimal.digits.size());
       places < std::numeric_limits<Float>::max_digits10; ++places) {
    decimal = scientific(value, places);
    if (reads_back(decimal, value) && !half_way(decimal, value)) break;
  }
  return decimal;
}

template <typename Float>
void append(std::string& out, Float value, int fixed_below) {
  if (std::isnan(value)) {
    out += "NaN";
    return;
  }
  if (std::signbit(value)) out += '-';
  if (std::isinf(value)) {
    out += "Infinity";
    return;
  }
  if (value == 0) {
    out += '0';
    return;
  }
  const auto [digits, exponent] = shortest(std::abs(value));
  const auto size = static_cast<int>(digits.size());
  if (exponent < -4 || exponent >= fixed_below) {
    out += digits[0];
    if (size > 1) out.append(1, '.').append(digits, 1);
    out += exponent < 0 ? "e-" : "e+";
    const int shown = std::abs(exponent);
    if (shown < 10) out += '0';
    out += std::to_string(shown);
  } else if (exponent < 0) {
    out.append("0.").append(static_cast<std::size_t>(-exponent - 1), '0').append(digits);
  } else if (size <= exponent + 1) {
    out.append(digits).append(static_cast<std::size_t>(exponent + 1 - size), '0');
  } else {
    const auto whole = static_cast<std::size_t>(exponent + 1);
    out.append(digits, 0, whole).append(1, '.').append(digits, whole);
  }
}

}  // namespace

void append_double(std::string& out, double value) {
  append(out, value, 15);
}

void append_float(std::string& out, float value) {
  append(out, value, 6);
}

}  // namespace daas
