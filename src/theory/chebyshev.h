// Functions of log q as Chebyshev series on unit intervals.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <memory>
#include <mutex>
#include <numbers>

namespace initscope {

// Interpolation at the zeros of the Chebyshev polynomial of degree `terms`.
template <size_t terms>
struct ChebyshevNodes {
  // T_k at the i-th zero. The interpolation of g has the coefficients
  //
  //     (k = 0 ? 1 : 2)/terms · Σ_i g(zero i) T_k(zero i)
  static double Polynomial(size_t k, size_t i) {
    const double angle =
        std::numbers::pi * (static_cast<double>(i) + 0.5) / terms;
    return std::cos(static_cast<double>(k) * angle);
  }
  // The i-th zero, on [0, 1].
  static double Place(size_t i) { return (1 + Polynomial(1, i)) / 2; }
};

// One `Series` for each interval [k, k + 1] of log q, k = first … first + count
// − 1, computed on first use. Thread-safe.
template <class Series, int first, int count>
class UnitIntervals {
 public:
  struct Place {
    const Series& series;
    double x;  // −1 … 1 on the interval
  };

  // Clamps log_q to the table. `make(k)` returns the series of [k, k + 1].
  template <class Make>
  Place At(double log_q, const Make& make) const {
    log_q = std::clamp(log_q, double{first}, double{first + count});
    const double begin = std::min(std::floor(log_q), double{first + count - 1});
    Interval& interval = intervals_[static_cast<size_t>(begin - first)];
    std::call_once(interval.made, [&] {
      interval.series = std::make_unique<Series>(make(begin));
    });
    return {*interval.series, 2 * (log_q - begin) - 1};
  }

 private:
  struct Interval {
    std::once_flag made;
    std::unique_ptr<Series> series;
  };
  mutable std::array<Interval, count> intervals_;
};

}  // namespace initscope
