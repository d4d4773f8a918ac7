#include "stats/scaled_double.h"

#include <cmath>
#include <numbers>
#include <utility>

#include "linalg/scaled_matrix.h"

namespace initscope {

double ScaledDouble::ToDouble() const {
  return exponent == 0 ? value : Ldexp(value, exponent);
}

double ScaledDouble::Log10() const {
  constexpr double kLog10Of2 = 0.30102999566398119521;
  if (exponent == 0) return std::log10(value);
  return std::log10(value) + static_cast<double>(exponent) * kLog10Of2;
}

double ScaledDouble::Log() const {
  return std::log(value) + static_cast<double>(exponent) * std::numbers::ln2;
}

ScaledDouble SquareOf(double x) {
  if (std::isnormal(x * x) || x == 0 || !std::isfinite(x)) return {x * x, 0};
  int shift = 0;
  const double mantissa = std::frexp(x, &shift);
  return {mantissa * mantissa, int64_t{2} * shift};
}

ScaledDouble operator+(ScaledDouble a, ScaledDouble b) {
  if (a.value == 0) return b;
  if (b.value == 0) return a;
  if (a.exponent < b.exponent) std::swap(a, b);
  return {a.value + Ldexp(b.value, b.exponent - a.exponent), a.exponent};
}

double ExpScaled(double x, int64_t exponent) {
  if (exponent == 0) return std::exp(x);
  // ln 2 in two parts, so that the difference of two large numbers is exact.
  constexpr double kHigh = 0x1.62e42fefa39efp-1, kLow = 0x1.abc9e3b39803fp-56;
  const auto e = static_cast<double>(exponent);
  return std::exp(std::fma(-e, kLow, std::fma(-e, kHigh, x)));
}

ScaledDouble operator*(ScaledDouble a, double b) {
  int shift = 0, b_shift = 0;
  const double value = std::frexp(a.value, &shift) * std::frexp(b, &b_shift);
  return {value, a.exponent + shift + b_shift};
}

}  // namespace initscope
