// Zeros of continuous functions, and of functions of log q in particular.
#pragma once

#include <algorithm>
#include <boost/math/tools/toms748_solve.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace initscope {

// The zero of f between a < b, where its signs differ, accurate to
// eps·max(1, |zero|) for the eps of a double, or to where rounding makes f
// itself 0. Algorithm 748 of Alefeld, Potra & Shi (1995).
template <class Function>
double ZeroBetween(const Function& f, double a, double b) {
  const auto is_narrow = [](double low, double high) {
    return high - low <=
           std::numeric_limits<double>::epsilon() * std::max({1.0, -low, high});
  };
  std::uintmax_t steps = 200;  // three for a halving at worst
  const auto [low, high] =
      boost::math::tools::toms748_solve(f, a, b, f(a), f(b), is_narrow, steps);
  return low + (high - low) / 2;
}

// −1, 0 or 1: the sign of x where it exceeds `noise`.
inline int SignBeyond(double noise, double x) {
  return x > noise ? 1 : x < -noise ? -1 : 0;
}

// The zeros of f between `places` (ascending) where its sign changes by more
// than `noise`.
template <class Function>
std::vector<double> ZerosAlong(const std::vector<double>& places, double noise,
                               const Function& f) {
  std::vector<double> zeros;
  int before = 0;    // the sign at the last place that shows one
  double where = 0;  // that place
  for (double place : places) {
    const int sign = SignBeyond(noise, f(place));
    if (sign == 0) continue;
    if (before * sign < 0) zeros.push_back(ZeroBetween(f, where, place));
    before = sign;
    where = place;
  }
  return zeros;
}

// Beyond ±kLogQBend the means of every activation are powers of q, so that the
// functions of fixed points have at most one zero on either side.
inline constexpr int kLogQBend = 64;
// Between ±kLogQFine, steps of kLogQStep where two zeros may be close.
inline constexpr int kLogQFine = 12;
inline constexpr double kLogQStep = 0.125;

// Places where the zeros of a function of log q become visible. Ascending:
// whole numbers from −kLogQBend to kLogQBend, where the tables of means are
// cheap, and finer steps beside those where |value(log_q)| < ¼; every extremum
// near 0 with a second derivative up to 2 has such a neighbour.
template <class Function>
std::vector<double> LogQGrid(const Function& value) {
  std::vector<double> grid;
  const auto is_close = [&](int log_q) {
    return std::abs(value(log_q)) < 0.25;
  };
  bool before = is_close(-kLogQBend);
  for (int log_q = -kLogQBend; log_q < kLogQBend; ++log_q) {
    const bool after = is_close(log_q + 1);
    const bool inside = log_q >= -kLogQFine && log_q < kLogQFine;
    const double step = inside && (before || after) ? kLogQStep : 1;
    for (double at = log_q; at < log_q + 1; at += step) grid.push_back(at);
    before = after;
  }
  grid.push_back(kLogQBend);
  return grid;
}

}  // namespace initscope
