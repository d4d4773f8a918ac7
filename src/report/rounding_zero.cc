#include "report/rounding_zero.h"

#include <cmath>

namespace initscope {
namespace {

// `measured`, in log10, where the sum of n independent summands would have
// `expected`. Comparisons with NaN are false.
Zero ZeroOf(const RunReadings& run, double measured, double expected,
            double n) {
  if (std::isinf(measured) && measured < 0) return Zero::kExact;
  const double rounding =
      2 * std::log10(kRoundingMargin * n * run.unit_roundoff);
  return measured < expected + rounding ? Zero::kRounding : Zero::kNone;
}

}  // namespace

Zero ForwardZero(const RunReadings& run, size_t l) {
  if (l == 0) return Zero::kNone;
  const double n = run.width[l - 1];
  return ZeroOf(run, run.measured(kPreActivationSecondMoment)[l],
                std::log10(n) + run.log10_weight[l] +
                    run.measured(kActivationSecondMoment)[l - 1],
                n);
}

Zero BackwardZero(const RunReadings& run, size_t l) {
  if (l == run.depth()) return Zero::kNone;
  const std::vector<double>& delta = run.measured(kDeltaSecondMoment);
  const double n = run.width[l + 1];
  const double slope = l > 0 ? run.measured(kSlopeSecondMoment)[l] : 0;
  return ZeroOf(run, delta[l],
                std::log10(n) + run.log10_weight[l + 1] + slope + delta[l + 1],
                n);
}

bool HasIdenticalUnits(const RunReadings& run, size_t l) {
  const double second_moment = run.measured(kPreActivationSecondMoment)[l];
  if (!(run.width[l] > 1) || !std::isfinite(second_moment)) return false;
  const double variance = run.log10_unit_variance[l];
  return ZeroOf(run, variance, second_moment, run.width[l - 1]) != Zero::kNone;
}

}  // namespace initscope
