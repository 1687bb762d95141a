// Floating-point numbers as PostgreSQL prints them with extra_float_digits = 1.
#pragma once

#include <string>

namespace daas {

/// Shortest decimal that reads back as the same number; fixed notation for exponents -4 to 14
/// (double) or -4 to 5 (float), else 1e+15 with at least two exponent digits; NaN, Infinity, -0.
void append_double(std::string& out, double value);
void append_float(std::string& out, float value);

}  // namespace daas
