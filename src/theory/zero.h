// Zeros of continuous functions.
#pragma once

#include <algorithm>
#include <boost/math/tools/toms748_solve.hpp>
#include <cstdint>
#include <limits>

namespace initscope {

// Where f is 0 between a < b, at which its signs differ: to eps·max(1, |zero|),
// eps that of a double, or where rounding makes f itself 0. Algorithm 748 of
// Alefeld, Potra & Shi (1995), with f(a) and f(b) as they are known already.
template <class Function>
double ZeroBetween(const Function& f, double a, double b, double at_a,
                   double at_b) {
  const auto is_narrow = [](double low, double high) {
    return high - low <=
           std::numeric_limits<double>::epsilon() * std::max({1.0, -low, high});
  };
  std::uintmax_t steps = 200;  // three for a halving at worst
  const auto [low, high] =
      boost::math::tools::toms748_solve(f, a, b, at_a, at_b, is_narrow, steps);
  return low + (high - low) / 2;
}

template <class Function>
double ZeroBetween(const Function& f, double a, double b) {
  return ZeroBetween(f, a, b, f(a), f(b));
}

}  // namespace initscope
