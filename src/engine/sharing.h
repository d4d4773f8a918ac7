// What the runs of a bundle share. Results do not depend on it.
#pragma once

#include <compare>
#include <cstdint>

#include "spec/run_spec.h"

namespace initscope {

// Whether Z and X are proportional to the product of all scales. Runs that
// differ only in their scales then share one pass over U itself, and the scales
// become factors on what is measured.
bool IsHomogeneous(const RunSpec& run);

// What the unit draw U depends on; equal for all runs of a bundle. The seed is
// 0 if neither U nor the biases are random.
struct UnitDraw {
  uint64_t seed;
  UnitLaw law;
  std::string shape;
  Precision precision;

  auto operator<=>(const UnitDraw&) const = default;
};
UnitDraw UnitDrawOf(const RunSpec& run);

// What a forward pass depends on: everything except the loss, for homogeneous
// runs except the scales, and for zero weights except what scales and draws
// them. Runs of a bundle for which it is equal share a pass.
struct ForwardPassSpec : NetworkSpec, WeightSource, InputSpec, Measure {
  auto operator<=>(const ForwardPassSpec&) const = default;
};
ForwardPassSpec ForwardPassOf(const RunSpec& run);

// Whether two runs of a bundle have the same inputs, and the same targets.
bool ShareInputs(const RunSpec& a, const RunSpec& b);
bool ShareTargets(const RunSpec& a, const RunSpec& b);

// What a backward pass depends on beside its forward pass. For the probe,
// delta_L is drawn and delta is linear in it, so that homogeneous runs share
// one whatever their scales are.
struct BackwardPassSpec : TargetSpec, WeightLaw {
  auto operator<=>(const BackwardPassSpec&) const = default;
};
BackwardPassSpec BackwardPassOf(const RunSpec& run);

}  // namespace initscope
