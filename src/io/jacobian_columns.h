// What a results file holds of end-to-end Jacobians (engine/jacobian.h).
#pragma once

#include <string>
#include <vector>

#include "io/results_columns.h"

namespace initscope {

// How many entries JacobianColumns() have; 0 where no run has a Jacobian.
size_t JacobianRows(const std::vector<RunResult>& results);

// Of /runs, one entry per run: NaN for a run without. Empty where no run has
// one.
std::vector<Column> JacobianRunColumns(const std::vector<RunSpec>& runs,
                                       const std::vector<RunResult>& results);

// Of /jacobian, one entry per run, sample and singular value; as for
// LayerColumns(), the keys.
std::vector<Column> JacobianColumns(const std::vector<RunSpec>& runs,
                                    const std::vector<RunResult>& results,
                                    const std::vector<std::string>& swept);

}  // namespace initscope
