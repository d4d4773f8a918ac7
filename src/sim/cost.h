// What runs cost: memory in bytes, work in floating-point operations.
#pragma once

#include "sim/run_spec.h"

namespace initscope {

// Whether U of every layer is kept between the passes; else each pass draws it
// anew. A function of the shape alone.
bool KeepsWeights(const RunSpec& run);

// What a bundle needs beside its passes, with `jobs` workers inside: weights.
double BundleMemory(const RunSpec& run, double jobs);
// What a forward pass like the run's needs, with `backward` backward passes.
double PassMemory(const RunSpec& run, double backward);

// Of a run's matrix products, and what drawing its weights adds once per
// bundle (orthogonal: the QR). The Jacobians' come once per forward pass, and
// are those of a plain product in double that would take as long.
double RunFlops(const RunSpec& run);
double JacobianFlops(const RunSpec& run);
double DrawFlops(const RunSpec& run);

}  // namespace initscope
