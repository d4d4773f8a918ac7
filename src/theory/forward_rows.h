// The forward columns of a network's rows, from the recursion.
#pragma once

#include <vector>

#include "base/parallel.h"
#include "theory/forward_theory.h"
#include "theory/theory_row.h"

namespace initscope {

// Rows 0 … L with their forward columns, except at row 0, the input, and
// anywhere if the theory does not hold. Bits do not depend on `jobs`.
std::vector<TheoryRow> ForwardRows(const ForwardTheory& forward, Jobs jobs);

}  // namespace initscope
