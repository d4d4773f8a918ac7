// Whether what was stored of a run is nothing, or nothing but rounding; see
// report/verdict.h.
#pragma once

#include <cstddef>

#include "report/verdict.h"

namespace initscope {

enum class Zero { kNone, kExact, kRounding };

// Of Z_l; of row 0, which has none, kNone.
Zero ForwardZero(const RunReadings& run, size_t l);

// Of delta_l below the output; of row L, which is the loss's, kNone.
Zero BackwardZero(const RunReadings& run, size_t l);

// Whether the units of Z_l are the same but for rounding, and not 0. Of a
// single unit: no.
bool HasIdenticalUnits(const RunReadings& run, size_t l);

}  // namespace initscope
