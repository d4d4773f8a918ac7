// Zeros of continuous functions.
#pragma once

#include <boost/math/tools/toms748_solve.hpp>
#include <cmath>
#include <cstdint>

namespace initscope {

// Where f is 0 between a < b, at which its signs differ: to neighbouring
// doubles, or to where rounding makes f itself 0. Algorithm 748 of Alefeld,
// Potra & Shi (1995), with f(a) and f(b) as they are known already.
template <class Function>
double ZeroBetween(const Function& f, double a, double b, double at_a,
                   double at_b) {
  const auto is_narrow = [](double low, double high) {
    return std::nextafter(low, high) >= high;
  };
  std::uintmax_t steps = 100;
  const auto [low, high] =
      boost::math::tools::toms748_solve(f, a, b, at_a, at_b, is_narrow, steps);
  return low + (high - low) / 2;
}

template <class Function>
double ZeroBetween(const Function& f, double a, double b) {
  return ZeroBetween(f, a, b, f(a), f(b));
}

}  // namespace initscope
