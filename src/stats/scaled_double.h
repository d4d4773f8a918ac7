// A double with a power of two beside it: value · 2^exponent.
#pragma once

#include <cstdint>

namespace initscope {

struct ScaledDouble {
  double value = 0;
  int64_t exponent = 0;

  // May underflow to 0 or overflow to infinity; exact otherwise.
  double ToDouble() const;
  // log10 of the value: right where ToDouble() is 0 or infinite. An exact zero
  // gives −inf, a negative value NaN.
  double Log10() const;
  // The natural logarithm, likewise.
  double Log() const;
};

// x²: at exponent 0 where that is in range, or x is 0 or not finite.
ScaledDouble SquareOf(double x);

// The sum, at the larger exponent.
ScaledDouble operator+(ScaledDouble a, ScaledDouble b);

// e^x · 2^-exponent, to an ulp or two of it beside x's own rounding, also where
// e^x is out of range. |exponent| < 2^53.
double ExpScaled(double x, int64_t exponent);

// The product, its magnitude in the exponent: any number of factors may follow.
ScaledDouble operator*(ScaledDouble a, double b);

}  // namespace initscope
