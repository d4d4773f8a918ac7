#include "attention/fraction.h"

#include <cmath>

#include "base/error.h"

namespace initscope {
namespace {

using Whole = boost::multiprecision::cpp_int;

}  // namespace

std::optional<Fraction> FractionOf(double value) {
  constexpr double kDenominator = 1024;
  const double scaled = value * kDenominator;
  if (!(std::abs(scaled) < 0x1p53) || scaled != std::floor(scaled)) {
    return std::nullopt;
  }
  return Fraction(static_cast<int64_t>(scaled),
                  static_cast<int64_t>(kDenominator));
}

double ToDouble(const Fraction& a) {
  return numerator(a).convert_to<double>() /
         denominator(a).convert_to<double>();
}

bool IsWhole(const Fraction& a) { return denominator(a) == 1; }

bool IsShort(const Fraction& a) {
  static const Whole limit = Whole(1) << 63;
  return abs(numerator(a)) < limit && denominator(a) < limit;
}

std::optional<Fraction> Power(const Fraction& a, const Fraction& exponent) {
  INITSCOPE_CHECK(a > 0 && IsWhole(exponent));
  if (a == 1) return a;
  // Beyond 62 nothing but 1 is short.
  if (abs(exponent) > 62) return std::nullopt;
  const auto n = static_cast<int>(numerator(exponent));
  const auto power = static_cast<unsigned>(std::abs(n));
  const Whole up = pow(numerator(a), power), down = pow(denominator(a), power);
  const Fraction out = n > 0 ? Fraction(up, down) : Fraction(down, up);
  return IsShort(out) ? std::optional(out) : std::nullopt;
}

}  // namespace initscope
