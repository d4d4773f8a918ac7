// Interpolation at the zeros of the Chebyshev polynomial of degree `terms`.
#pragma once

#include <cmath>
#include <cstddef>
#include <numbers>

namespace initscope {

template <size_t terms>
struct ChebyshevNodes {
  // T_k at the i-th zero: Σ_i g(zero i) T_k(zero i) · (k = 0 ? 1 : 2)/terms is
  // the coefficient of T_k.
  static double Polynomial(size_t k, size_t i) {
    const double angle =
        std::numbers::pi * (static_cast<double>(i) + 0.5) / terms;
    return std::cos(static_cast<double>(k) * angle);
  }
  static double Norm(size_t k) { return (k == 0 ? 1.0 : 2.0) / terms; }
  // The i-th zero, on [0, 1].
  static double Place(size_t i) { return (1 + Polynomial(1, i)) / 2; }
};

}  // namespace initscope
