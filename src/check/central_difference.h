// A derivative by central differences, with a step chosen for the point and a
// bound on its error.
//
//     D(h) = (f(h) − f(−h))/(2h) = f' + h² f'''/6 + O(h⁴)
//
// Truncation is seen in D(2h) − D(h), three times it, and in D(4h) − D(2h),
// twelve times; rounding is noise/h, where each value of f is off by at most
// `noise`. Steps are halved and doubled to where the sum of both is least
// (Press et al., Numerical Recipes, section 5.7: near the cube root of the
// relative noise), but never so far that 4h meets a point where f' jumps, or
// leaves where f is smooth: from afar a bend looks like a kink, on both sides
// of which all D(h) agree, on the mean of two slopes.
#pragma once

#include <cstddef>
#include <functional>
#include <limits>

namespace initscope {

// f at a point beside the one where its derivative is sought.
struct DifferenceValue {
  double step;    // which was really taken: the argument is rounded
  double change;  // f(step) − f(0)
  // The share of the step after which f' (or f'') jumps; above 1 if it does
  // not, 0 if the point itself is there.
  double room = std::numeric_limits<double>::infinity();
  // The share of the step after which f may bend.
  double reach = std::numeric_limits<double>::infinity();
};
using DifferenceFunction = std::function<DifferenceValue(double step)>;

struct DifferenceOptions {
  double noise;         // of one value of f, at most
  double largest_step;  // 4h is never more
  // f' jumps at kinks, so that none may be crossed; else f'' does, which costs
  // an order of h.
  bool slope_jumps = false;
  int first_halvings = 12;  // of the largest step, where the search begins
};

struct CentralDifference {
  double derivative = 0;
  double step = 0;
  int halvings = 0;  // step = largest_step / 2^halvings
  // |derivative − f'| is at most this, up to the terms of order h⁴.
  double bound = std::numeric_limits<double>::infinity();
  bool is_constant = false;  // f(±h) = f(0) to the last bit
  // f' jumps here, or too near for a step: there is no derivative to compare.
  bool at_kink = false;
  bool near_kink = false;  // the step was kept from crossing one
};

CentralDifference Differentiate(const DifferenceFunction& f,
                                const DifferenceOptions& options);

}  // namespace initscope
