// The backward columns of theory, from delta_L and Z_L as they were measured:
// means (theory/backward_means.h) and their leading corrections in 1/width
// (theory/backward_spread.h).
#pragma once

#include <vector>

#include "theory/delta_start.h"
#include "theory/forward_theory.h"
#include "theory/theory_row.h"

namespace initscope {

// The backward columns of all rows; none where the theory does not
// hold. Throws Interrupted.
// `alignment`: per class, the squared correlation of delta_L and Z_L that the
// loss has at infinite width (theory/output_alignment.h).
// REQUIRES: the forward columns are filled.
void FillBackward(const ForwardTheory& forward, const DeltaStart& start,
                  const std::vector<double>& alignment,
                  std::vector<TheoryRow>* rows, StopFlag stop = {});

}  // namespace initscope
