// Activation functions and their derivatives.
//
// To add one, write its functor in activations.cc and add it to the two lists
// there. The command line, `list`, results files and tests read the table.
//
// f' at a kink is the left derivative (relu: f'(0) = 0). f' is computed from z
// without cancellation; for tanh
//
//     f' = 4e^(−2|z|)/(1 + e^(−2|z|))²,     not 1 − tanh² z
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace initscope {

struct Activation {
  std::string_view name;
  std::string_view formula;
  std::string_view source;
  // f(2^e x) = 2^e f(x) for every e, exactly.
  bool homogeneous;
  double max_slope;  // the largest |f'|; saturation is relative to it
  // Points where f' or f'' jumps, in increasing order. Integrals and
  // differences are computed piece by piece between them.
  std::span<const double> kinks;

  // Plain double references (the C library's functions, no vectors).
  double (*value)(double z);
  double (*slope)(double z);
  // log|f'(z)|, accurate even where f' underflows; nullptr if f' cannot
  // underflow or has exact zeros instead of small tails.
  double (*log_abs_slope)(double z);

  // a[i] = f(z[i]), s[i] = f'(z[i]) for n entries; vectorized. Errors are at
  // most 7 ulp, in the tails too (7 ulp of max|f'| for a slope that changes its
  // sign); results below the smallest normal number may be 0. Infinities give
  // the limits, NaN gives NaN. z may alias a. REQUIRES: *this is a row of
  // Activations().
  void Apply(const float* z, size_t n, float* a, float* s) const;
  void Apply(const double* z, size_t n, double* a, double* s) const;
};

// The index is the code in results files: append, never reorder.
std::span<const Activation> Activations();

}  // namespace initscope
