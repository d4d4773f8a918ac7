// A derivative by central differences, with a step chosen for the point and a
// bound on its error.
//
//     D(h) = (f(h) − f(−h))/(2h) = f' + h² f'''/6 + O(h⁴)
//
// The truncation error of D(h) is estimated as (D(2h) − D(h))/3 and as (D(4h) −
// D(2h))/12; the rounding error is noise/h if each value of f is off by at most
// `noise`. The step is halved and doubled until the sum of both is least (Press
// et al., Numerical Recipes, section 5.7: near the cube root of the relative
// noise). But 4h must neither reach a point where f' jumps nor leave the region
// where f is smooth: from afar a bend looks like a kink, and all D(h) across a
// kink agree on the mean of two slopes.
#pragma once

#include <functional>
#include <limits>

namespace initscope {

// f at a point near the one where its derivative is sought.
struct DifferenceValue {
  double step;    // the step really taken, after rounding the argument
  double change;  // f(step) − f(0)
  // The fraction of the step after which f' (or f'') jumps: above 1 if it does
  // not, 0 if the point itself is at the jump.
  double room = std::numeric_limits<double>::infinity();
  // The fraction of the step after which f may bend.
  double reach = std::numeric_limits<double>::infinity();
};
using DifferenceFunction = std::function<DifferenceValue(double step)>;

struct DifferenceOptions {
  double noise;         // bound on the error of one value of f
  double largest_step;  // bound on 4h
  // Whether f' jumps at kinks, so none may be crossed. If f'' jumps, crossing
  // one costs an order of h.
  bool slope_jumps = false;
  int first_halvings = 12;  // where the search starts: largest_step/2^12
};

struct CentralDifference {
  double derivative = 0;
  double step = 0;
  int halvings = 0;  // step = largest_step / 2^halvings
  // |derivative − f'| <= bound, up to terms of order h⁴.
  double bound = std::numeric_limits<double>::infinity();
  bool is_constant = false;  // f(±h) = f(0) to the last bit
  // f' jumps here or too near for any step, so there is no derivative to
  // compare.
  bool at_kink = false;
  bool near_kink = false;  // a kink limited the step
};

CentralDifference Differentiate(const DifferenceFunction& f,
                                const DifferenceOptions& options);

}  // namespace initscope
