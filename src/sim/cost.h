// What runs cost: memory in bytes, work in floating-point operations.
#pragma once

#include "sim/run_spec.h"

namespace initscope {

// Whether U of every layer is kept between the passes; else each pass draws it
// anew. A function of the shape alone.
bool KeepsWeights(const RunSpec& run);

// What a bundle of `passes` passes like the run's needs, with `jobs` workers
// inside.
double BundleMemory(const RunSpec& run, double passes, double jobs);
// What one forward pass and the backward passes of its runs need.
double PassMemory(const RunSpec& run);

// Of a run's matrix products, and what drawing its weights adds once per
// bundle (orthogonal: the QR).
double RunFlops(const RunSpec& run);
double DrawFlops(const RunSpec& run);

}  // namespace initscope
