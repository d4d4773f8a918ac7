// Activation functions and their derivatives.
//
// To add one: in activations.cc write its functor and name it in the two
// lists there. The command line, `list`, the results file and the tests read
// the table.
//
// f' at a kink is the left derivative (relu: f'(0) = 0). f' is computed from z
// without cancellation: tanh as 4e^(−2|z|)/(1 + e^(−2|z|))², not 1 − tanh².
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
  double max_slope;  // the largest |f'|, to which saturation is relative
  // Where f is not smooth (f' or f'' jumps), in increasing order: integrals and
  // differences are taken piece by piece.
  std::span<const double> kinks;

  // Plain double references (the C library's functions, no vectors).
  double (*value)(double z);
  double (*slope)(double z);
  // log|f'(z)|, right where f' itself underflows; nullptr where it cannot,
  // or where f' has exact zeros instead of small tails.
  double (*log_abs_slope)(double z);

  // a[i] = f(z[i]), s[i] = f'(z[i]) for n entries; vectorized, at most 7 ulp
  // off (of max|f'| for a slope that changes its sign), in the tails too, but
  // what is below the smallest normal number may be 0. Infinities give the
  // limits, NaN is passed on. z may alias a.
  // REQUIRES: *this is a row of Activations().
  void Apply(const float* z, size_t n, float* a, float* s) const;
  void Apply(const double* z, size_t n, double* a, double* s) const;
};

// In the order of their codes in results files: append, never reorder.
std::span<const Activation> Activations();

}  // namespace initscope
