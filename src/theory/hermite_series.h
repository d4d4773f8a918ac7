// Hermite coefficients of an activation at every scale, for means over pairs.
//
// The polynomials h_k are the normalized probabilists' ones: E h_j(t) h_k(t) =
// [j = k] for t ~ N(0, 1). For standard normal s, t of correlation c
//
//     E g(s) k(t) = Σ_k g_k k_k c^k,   g_k = E g(t) h_k(t)
//
// (Mehler's formula; Daniely, Frostig & Singer 2016, eq. 7). So a pair of
// samples needs the coefficients at each sample's q and a power series in c,
// but no integral of its own.
//
// The coefficients are kept as Chebyshev series (theory/chebyshev.h) with
// errors below 1e-8; pair_means_test.cc compares their results with quadrature.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>

#include "nn/activations.h"
#include "theory/chebyshev.h"

namespace initscope {

// h_{k+1} = of_t[k]·t·h_k − of_before[k]·h_{k−1} with h_0 = 1.
template <size_t terms>
struct HermiteRecurrence {
  HermiteRecurrence() {
    for (size_t k = 0; k < terms; ++k) {
      const auto order = static_cast<double>(k);
      of_t[k] = 1 / std::sqrt(order + 1);
      of_before[k] = std::sqrt(order / (order + 1));
    }
  }
  double of_t[terms], of_before[terms];
};

inline constexpr size_t kHermiteTerms = 64;

// One coefficient of each of these functions g of t, where f is f(√q t).
struct HermiteTerm {
  double f;             // f / √(E f²)
  double slope;         // f' / √(E f'²)
  double square;        // f² / E f²
  double slope_square;  // f'² / E f'²
};

struct HermiteCoefficients {
  std::array<HermiteTerm, kHermiteTerms> terms;
  size_t count;  // the first so many terms are not negligible
  // What the sums over `terms` lack because they are cut off; 0 where that is
  // only rounding. The whole sums are
  //
  //     Σ f_k² = 1               Σ k f_k² = E f'² q/E f²
  //     Σ slope_k² = 1   Σ slope_square_k² = E f'⁴/(E f'²)²
  double f_tail, weighted_f_tail, slope_tail, slope_square_tail;
};

// The coefficients of one activation that is not homogeneous. Thread-safe;
// values do not depend on what was asked before.
class HermiteTable {
 public:
  // `activation` must outlive this.
  explicit HermiteTable(const Activation& activation)
      : activation_(activation) {}

  // q = e^log_q; beyond e^±30, the coefficients at e^±30.
  void At(double log_q, HermiteCoefficients* coefficients) const;

 private:
  static constexpr size_t kTerms = 9;

  // One Chebyshev coefficient of everything.
  struct Coefficients {
    double weighted_f, slope_square_square;
    std::array<HermiteTerm, kHermiteTerms> terms;
  };
  struct Series {
    size_t count;
    std::array<Coefficients, kTerms> terms;
  };

  Coefficients Compute(double log_q) const;
  Series MakeSeries(double begin) const;

  const Activation& activation_;
  UnitIntervals<Series, -30, 60> series_;
};

}  // namespace initscope
