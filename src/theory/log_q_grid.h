// Where a function of log q is looked at, to find its zeros.
#pragma once

#include <cmath>
#include <vector>

namespace initscope {

// Beyond ±kLogQBend the means of every activation are powers of q, so that the
// functions of fixed points have at most one zero on either side.
inline constexpr int kLogQBend = 64;
// Between ±kLogQFine, steps of kLogQStep where two zeros may be close.
inline constexpr int kLogQFine = 12;
inline constexpr double kLogQStep = 0.125;

// Whole numbers from −kLogQBend to kLogQBend, where the tables of means are
// cheap, and finer steps beside those where |value(log_q)| < ¼: an extremum of
// second derivative up to 2 that is near to 0 has such a neighbour. Ascending.
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
