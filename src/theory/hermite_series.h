// Hermite coefficients of an activation at every scale, for means over pairs.
//
// For standard normal s, t of correlation c and the normalized probabilists'
// polynomials h_k, E g(s) k(t) = Σ_k g_k k_k c^k with g_k = E g(t) h_k(t)
// (Mehler's formula; Daniely, Frostig & Singer 2016, eq. 7). So a pair of
// samples needs the coefficients at each sample's q and a power series in c,
// and no integral of its own.
//
// The coefficients are kept as Chebyshev series on unit intervals of log q
// that are made when they are first asked for; their error is below 1e-8
// (pair_means_test.cc holds what is made of them against quadrature).
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <mutex>

#include "nn/activations.h"

namespace initscope {

inline constexpr size_t kHermiteTerms = 64;

// g_k of g(t) = f(√q t) and the like, each divided by what its name says.
struct HermiteTerm {
  double f;             // f / √(E f²)
  double slope;         // f' / √(E f'²)
  double square;        // f² / E f²
  double slope_square;  // f'² / E f'²
};

struct HermiteCoefficients {
  std::array<HermiteTerm, kHermiteTerms> terms;
  size_t count;  // of the terms that are not negligible, the first ones
  // What the sums of squares lack for being cut off, 0 where that is nothing
  // but rounding: Σ f_k² = 1, Σ k f_k² = E f'² q/E f², Σ slope_k² = 1 and
  // Σ slope_square_k² = E f'⁴/(E f'²)².
  double f_tail, weighted_f_tail, slope_tail, slope_square_tail;
};

// Those of one activation that is not homogeneous. Safe to use from several
// threads; values do not depend on who asked before.
class HermiteTable {
 public:
  explicit HermiteTable(const Activation& activation);

  // q = e^log_q; beyond e^±30 the coefficients of there.
  void At(double log_q, HermiteCoefficients* coefficients) const;

 private:
  static constexpr int kFirstInterval = -30, kIntervals = 60;
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
  struct Interval {
    std::once_flag made;
    std::unique_ptr<Series> series;
  };

  Coefficients Compute(double log_q) const;
  std::unique_ptr<Series> MakeSeries(double begin) const;

  const Activation& activation_;
  std::unique_ptr<Interval[]> intervals_;
};

}  // namespace initscope
