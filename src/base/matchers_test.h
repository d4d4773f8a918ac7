// Matchers for numbers, for tests only.
#pragma once

#include <gmock/gmock.h>

#include <cmath>

namespace initscope {

// |arg − expected| <= tolerance. A NaN on either side fails; an infinity
// matches only itself.
MATCHER_P2(IsNear, expected, tolerance,
           (negation ? "is not within " : "is within ") +
               testing::PrintToString(tolerance) + " of " +
               testing::PrintToString(expected)) {
  if (std::isinf(arg) || std::isinf(expected)) {
    return arg == expected && !std::isnan(tolerance);
  }
  const auto error = std::abs(arg - expected);
  *result_listener << "which is off by " << testing::PrintToString(error);
  if (!(error <= tolerance)) return false;
  return true;
}

}  // namespace initscope
