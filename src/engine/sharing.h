// Which runs of a bundle share what. Results do not depend on it.
#pragma once

#include <cstdint>
#include <tuple>

#include "spec/run_spec.h"

namespace initscope {

// Whether Z and X are linear in the product of all scales: then runs that
// differ in nothing else share one pass over U itself, and carry the scales as
// factors on what was measured.
bool IsHomogeneous(const RunSpec& run);

// Runs of a bundle with equal keys share one forward pass, which is blind to
// the loss.
using PassKey = std::tuple<const Activation*, const Initializer*, double,
                           BiasInit, double, size_t, size_t, uint64_t,
                           InputKind, const SampleSet*, double, double, size_t>;
PassKey ForwardPassKey(const RunSpec& run);

// Whether two runs of a bundle take the same batches, and the same targets.
bool ShareInputs(const RunSpec& a, const RunSpec& b);
bool ShareTargets(const RunSpec& a, const RunSpec& b);

// delta is linear in delta_L, which the probe draws: homogeneous runs that
// share the forward pass share the backward pass, too.
// REQUIRES: equal ForwardPassKeys.
bool ShareBackward(const RunSpec& a, const RunSpec& b);

// What U of all layers takes.
double UnitWeightBytes(const RunSpec& run);
// Whether U of every layer is kept between the passes; else each pass draws it
// anew. A function of the shape alone.
bool KeepsWeights(const RunSpec& run);

}  // namespace initscope
