// Which runs of a bundle share what. Results do not depend on it.
#pragma once

#include <compare>
#include <cstdint>
#include <vector>

#include "spec/run_spec.h"

namespace initscope {

// Whether Z and X are linear in the product of all scales: then runs that
// differ in nothing else share one pass over U itself, and carry the scales as
// factors on what was measured.
bool IsHomogeneous(const RunSpec& run);

// What the unit draw U depends on: runs of a bundle have it in common.
struct UnitDraw {
  uint64_t seed;
  UnitLaw law;
  std::string shape;
  Precision precision;

  auto operator<=>(const UnitDraw&) const = default;
};
UnitDraw UnitDrawOf(const RunSpec& run);

// What a forward pass depends on, which is blind to the loss: runs of a bundle
// for which it is equal share one. Of homogeneous runs without their scales.
struct ForwardPassSpec : NetworkSpec, WeightSource, InputSpec, Measure {
  auto operator<=>(const ForwardPassSpec&) const = default;
};
ForwardPassSpec ForwardPassOf(const RunSpec& run);

// Whether two runs of a bundle take the same batches, and the same targets.
bool ShareInputs(const RunSpec& a, const RunSpec& b);
bool ShareTargets(const RunSpec& a, const RunSpec& b);
// delta is linear in delta_L, which the probe draws: homogeneous runs that
// share the forward pass share the backward pass, too.
// REQUIRES: equal forward passes.
bool ShareBackward(const RunSpec& a, const RunSpec& b);

}  // namespace initscope
