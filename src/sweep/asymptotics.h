// Where the layers of a run's network tend, were it deep: fixed points of the
// variance and of the correlation, and the weights that would be critical.
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
  // Of each attractor 0 < q < ∞.
  std::vector<std::optional<FixedCorrelation>> correlations;
  std::vector<CriticalPoint> critical;
};

// Nothing where the hidden layers are not all alike, where there are none,
// where their weights are zero or their scale depends on the data.
std::optional<Asymptotics> FindAsymptotics(const RunSpec& run,
                                           const TheoryTables& tables);

// The gain at which this run's weights would have the variance of `point`.
double GainOf(const RunSpec& run, const Asymptotics& found,
              const CriticalPoint& point);

}  // namespace initscope
