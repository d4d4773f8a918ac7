// The backward columns of theory, from the measured delta_L and Z_L: means
// (theory/backward_means.h) and their leading corrections in 1/width
// (theory/backward_spread.h).
#pragma once

#include <vector>

#include "theory/output_kernel.h"

namespace initscope {

// Fills the backward columns of all rows; of none if the theory does not hold.
// `alignment`: per class, the squared correlation of delta_L and Z_L at
// infinite width (OutputAlignment()). Throws Interrupted.
// REQUIRES: the forward columns are filled.
void FillBackward(const ForwardTheory& forward, const DeltaStart& start,
                  const std::vector<double>& alignment,
                  std::vector<TheoryRow>* rows, StopFlag stop = {});

}  // namespace initscope
