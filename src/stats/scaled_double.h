// A double with a power of two beside it: value · 2^exponent.
#pragma once

#include <cstdint>

namespace initscope {

struct ScaledDouble {
  double value = 0;
  int64_t exponent = 0;

  // May underflow to 0 or overflow to infinity, and is exact otherwise.
  double ToDouble() const;
  // log10 of the value, also where ToDouble() is 0 or infinite; −inf for an
  // exact zero, NaN for a negative value.
  double Log10() const;
  // The natural logarithm, likewise.
  double Log() const;
};

// x², with exponent 0 if that is in range or x is 0 or not finite.
ScaledDouble SquareOf(double x);

// The sum, with the larger of the two exponents.
ScaledDouble operator+(ScaledDouble a, ScaledDouble b);

// e^x · 2^-exponent, accurate to an ulp or two beyond the rounding of x, even
// if e^x is out of range. REQUIRES: |exponent| < 2^53.
double ExpScaled(double x, int64_t exponent);

// The product, with its magnitude in the exponent, so that any number of
// factors may follow.
ScaledDouble operator*(ScaledDouble a, double b);

}  // namespace initscope
