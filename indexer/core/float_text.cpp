#include "core/float_text.hpp"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string_view>

namespace daas {
namespace {

/// Digits without a point, and the exponent of the first one.
struct Decimal {
  std::string digits;
  int exponent = 0;
};

Decimal split(std::string_view scientific) {
  Decimal decimal;
  const auto e = scientific.find('e');
  for (const char c : scientific.substr(0, e)) {
    if (c != '.') decimal.digits += c;
  }
  decimal.exponent = std::atoi(scientific.data() + e + 1);
  while (decimal.digits.size() > 1 && decimal.digits.back() == '0') decimal.digits.pop_back();
  return decimal;
}

/// Whether the decimal lies exactly half way between `value` and a neighbour. PostgreSQL's Ryu does
/// not use such a decimal (src/common/d2s.c, acceptBounds), std::to_chars does. Half way points are
/// odd multiples of a power of two with one bit more than the mantissa, so that in the equation
/// digits * 10^e = odd * 2^k only few exponents can hold.
template <typename Float>
bool on_boundary(const Decimal& decimal, Float value) {
  const int last = decimal.exponent - static_cast<int>(decimal.digits.size()) + 1;
  std::uint64_t digits = 0;
  std::from_chars(decimal.digits.data(), decimal.digits.data() + decimal.digits.size(), digits);
  if (digits == 0 || last > 25 || last < -2) return false;
  unsigned __int128 odd = digits;
  int twos = 0;
  for (int i = 0; i < last; ++i) odd *= 5;
  if (last > 0) twos += last;
  for (int i = last; i < 0; ++i) {
    if (odd % 5 != 0) return false;
    odd /= 5;
    --twos;
  }
  while (odd % 2 == 0) {
    odd /= 2;
    ++twos;
  }
  int exponent = 0;
  const Float mantissa = std::frexp(value, &exponent);
  constexpr int kBits = std::numeric_limits<Float>::digits;
  const auto whole = static_cast<std::uint64_t>(std::ldexp(mantissa, kBits));
  // value = whole * 2^(exponent - kBits); neighbours' midpoints: (2 * whole ± 1) * 2^(that - 1),
  // and below a power of two (4 * whole - 1) * 2^(that - 2).
  const int unit = exponent - kBits;
  if (twos == unit - 1 && (odd == 2 * whole + 1 || odd == 2 * whole - 1)) return true;
  return mantissa == Float(0.5) && twos == unit - 2 && odd == 4 * whole - 1;
}

template <typename Float>
Decimal shortest(Float value) {
  char text[64];
  auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific).ptr;
  auto decimal = split({text, end});
  if (on_boundary(decimal, value)) {
    const int precision = static_cast<int>(decimal.digits.size());
    end = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific, precision).ptr;
    decimal = split({text, end});
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

void append_double(std::string& out, double value) { append(out, value, 15); }

void append_float(std::string& out, float value) { append(out, value, 6); }

}  // namespace daas
