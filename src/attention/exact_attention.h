// Attention in exact fractions, as long as a person can read them.
//
// X and the weights are fractions if their entries are short binary numbers,
// and then so are Q, K, V and S. S/s is one if s is; P is one if the base is
// and the exponents S/s of each row differ by whole numbers. A step with an
// entry whose numerator or denominator exceeds 64 bits has no fractions, nor do
// the steps after it.
#pragma once

#include <boost/multiprecision/cpp_int.hpp>
#include <optional>
#include <vector>

#include "attention/attention.h"

namespace initscope {

// In lowest terms, the denominator positive.
using Fraction = boost::multiprecision::cpp_rational;

// The fraction of a number with at most 10 binary digits after the point (1.5,
// −0.25) and a numerator below 2^53; nothing for others, such as 0.1.
std::optional<Fraction> FractionOf(double value);
double ToDouble(const Fraction& a);
// Whether numerator and denominator are below 2^63.
bool IsShort(const Fraction& a);
// a^exponent; nothing where that is not short. REQUIRES: a > 0, a whole
// exponent.
std::optional<Fraction> Power(const Fraction& a, const Fraction& exponent);

struct FractionMatrix {
  size_t rows = 0, cols = 0;
  std::vector<Fraction> entries;  // row-major

  const Fraction& operator()(size_t i, size_t j) const {
    return entries[i * cols + j];
  }
};

using ExactMatrix = std::optional<FractionMatrix>;

struct ExactAttention {
  ExactMatrix x, w_q, w_k, w_v;
  ExactMatrix q, k, v, s;
  ExactMatrix z;  // S/s
  ExactMatrix e;  // b^z, if every exponent is whole
  ExactMatrix p, o;
};

ExactAttention ComputeExactAttention(const AttentionInputs& in,
                                     const AttentionSoftmax& softmax);

}  // namespace initscope
