#include "stats/scaled_double.h"

#include <algorithm>
#include <cmath>

namespace initscope {
namespace {

constexpr double kLog10Of2 = 0.30102999566398119521;

// value · 2^shift for any shift, without overflow on the way.
double Ldexp(double value, int64_t shift) {
  return std::ldexp(value,
                    static_cast<int>(std::clamp<int64_t>(shift, -5000, 5000)));
}

}  // namespace

double ScaledDouble::ToDouble() const {
  return exponent == 0 ? value : Ldexp(value, exponent);
}

double ScaledDouble::Log10() const {
  if (exponent == 0) return std::log10(value);
  return std::log10(value) + static_cast<double>(exponent) * kLog10Of2;
}

ScaledDouble operator+(ScaledDouble a, ScaledDouble b) {
  if (a.value == 0) return b;
  if (b.value == 0) return a;
  if (a.exponent < b.exponent) std::swap(a, b);
  return {a.value + Ldexp(b.value, b.exponent - a.exponent), a.exponent};
}

ScaledDouble operator*(ScaledDouble a, double b) {
  int shift = 0, b_shift = 0;
  const double value = std::frexp(a.value, &shift) * std::frexp(b, &b_shift);
  return {value, a.exponent + shift + b_shift};
}

}  // namespace initscope
