// The forward columns of a network's rows, from the recursion.
#pragma once

#include <vector>

#include "base/parallel.h"
#include "theory/forward_theory.h"
#include "theory/theory_row.h"

namespace initscope {

// Rows 0 … L, their forward columns filled; none at row 0, the input, and
// none at all where the theory does not hold. `jobs`
// workers change no bit.
std::vector<TheoryRow> ForwardRows(const ForwardTheory& forward, Jobs jobs);

}  // namespace initscope
