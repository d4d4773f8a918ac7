// Readings of runs that were never run, for tests of what is judged of them.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "report/verdict.h"

namespace initscope {

inline constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
inline constexpr double kInf = std::numeric_limits<double>::infinity();
inline constexpr size_t kTestDepth = 10;
inline constexpr double kTestStd = 0.02;
inline constexpr Compared kZ = kPreActivationSecondMoment;
inline constexpr Compared kDelta = kDeltaSecondMoment;

// A run of which nothing can be said: second moments of 1 everywhere, without
// theory.
inline RunReadings Quiet(uint64_t seed = 0, size_t depth = kTestDepth) {
  constexpr double kWidth = 8;
  const std::vector<double> ones(depth + 1, 0.0), none(depth + 1, kNan);
  RunReadings run;
  run.seed = seed;
  run.unit_roundoff = std::numeric_limits<float>::epsilon() / 2;
  run.width.assign(depth + 1, kWidth);
  for (RunCurve& curve : run.curves) curve = {ones, none, none};
  run.curves[kZ].measured[0] = kNan;
  // What else a change of Z or delta would have to change:
  run.curves[kActivationSecondMoment].measured = none;
  run.delta_abs_mean = none;
  run.curves[kSlopeSecondMoment].measured[0] = kNan;
  run.curves[kSlopeSecondMoment].measured[depth] = kNan;
  run.saturated.assign(depth + 1, 0.1);
  run.dead.assign(depth + 1, 0.1);
  for (std::vector<double>* column : {&run.saturated, &run.dead}) {
    column->front() = column->back() = kNan;
  }
  run.log10_weight.assign(depth + 1, -std::log10(kWidth));
  run.log10_weight[0] = kNan;
  run.log10_unit_variance = ones;
  run.log10_one_minus_cosine = ones;
  return run;
}

// The same with the theory that Z and delta are 1, as a file has it: forward
// for rows 1 … L, backward below the row where it starts.
inline RunReadings Predicted(uint64_t seed = 0) {
  RunReadings run = Quiet(seed);
  for (size_t l = 0; l <= kTestDepth; ++l) {
    RunCurve &z = run.curves[kZ], &delta = run.curves[kDelta];
    if (l > 0) z.theory[l] = 0, z.theory_std[l] = kTestStd;
    if (l < kTestDepth) delta.theory[l] = 0, delta.theory_std[l] = kTestStd;
  }
  return run;
}

}  // namespace initscope
