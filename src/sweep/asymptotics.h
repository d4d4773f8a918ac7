// The limits of a run's network as its depth grows: fixed points of the
// variance and of the correlation, and the weight variances that would be
// critical.
#pragma once

#include <optional>
#include <vector>

#include "spec/run_spec.h"
#include "theory/critical_gain.h"
#include "theory/fixed_correlation.h"
#include "theory/fixed_point.h"
#include "theory/theory_tables.h"

namespace initscope {

struct Asymptotics {
  LayerVariances variances;
  FixedPoints points;
  // One per attractor; none at q = 0 and q = ∞.
  std::vector<std::optional<FixedCorrelation>> correlations;
  std::vector<CriticalPoint> critical;
};

// None if there are fewer than two hidden layers or their widths differ, and if
// the weights are zero or their scale depends on the data (lsuv).
std::optional<Asymptotics> FindAsymptotics(const RunSpec& run,
                                           const TheoryTables& tables);

// The gain that would give this run's weights the variance of `point`.
double GainOf(const RunSpec& run, const Asymptotics& found,
              const CriticalPoint& point);

}  // namespace initscope
