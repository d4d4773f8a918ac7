// Exact fractions, as long as a person can read them.
#pragma once

#include <boost/multiprecision/cpp_int.hpp>
#include <cstdint>
#include <optional>
#include <string>

namespace initscope {

// In lowest terms, the denominator positive.
using Fraction = boost::multiprecision::cpp_rational;

// Of a number with at most 10 binary digits behind the point (1.5, −0.25) and a
// numerator below 2^53; nothing for others, 0.1 for one.
std::optional<Fraction> FractionOf(double value);

double ToDouble(const Fraction& a);
bool IsWhole(const Fraction& a);
// Whether numerator and denominator are below 2^63.
bool IsShort(const Fraction& a);
// a^exponent for a > 0; nothing where that is not short.
std::optional<Fraction> Power(const Fraction& a, const Fraction& exponent);

}  // namespace initscope
