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
};

// The sum, at the larger exponent.
ScaledDouble operator+(ScaledDouble a, ScaledDouble b);

// The product, its magnitude in the exponent: any number of factors may follow.
ScaledDouble operator*(ScaledDouble a, double b);

}  // namespace initscope
