#include "engine/sharing.h"

namespace initscope {
namespace {

// U of every layer is kept between the passes up to this; beyond it each pass
// draws anew. A constant: what is computed must not depend on the machine.
constexpr double kWeightCacheBytes = 1u << 30;

template <typename Part>
bool Same(const Part& a, const Part& b) {
  return a == b;
}

}  // namespace

bool IsHomogeneous(const RunSpec& run) {
  const bool has_bias =
      run.bias_init == BiasInit::kTorchDefault || run.bias_std != 0;
  return run.activation->homogeneous && !has_bias &&
         !run.init->data_dependent && run.gain > 0 &&
         run.init->law != UnitLaw::kZero;
}

UnitDraw UnitDrawOf(const RunSpec& run) {
  return {run.seed, run.init->law, run.widths, run.precision};
}

// The only one that knows what homogeneity lets be left out.
ForwardPassSpec ForwardPassOf(const RunSpec& run) {
  ForwardPassSpec pass = {run, run, run, run};
  if (IsHomogeneous(run)) {
    pass.init = nullptr;
    pass.gain = 0;
  }
  return pass;
}

bool ShareInputs(const RunSpec& a, const RunSpec& b) {
  return Same<InputSpec>(a, b);
}

bool ShareTargets(const RunSpec& a, const RunSpec& b) {
  return ShareInputs(a, b) && Same<TargetSpec>(a, b);
}

bool ShareBackward(const RunSpec& a, const RunSpec& b) {
  return IsHomogeneous(a) && a.loss->linear && ShareTargets(a, b);
}

double UnitWeightBytes(const RunSpec& run) {
  const UnitLaw law = run.init->law;
  if (law == UnitLaw::kZero || law == UnitLaw::kConstant) return 0;
  const double entry = run.precision == Precision::kFloat32 ? 4 : 8;
  double entries = 0;
  for (size_t l = 0; l < run.depth(); ++l) {
    entries += static_cast<double>(run.widths[l]) *
               static_cast<double>(run.widths[l + 1]);
  }
  return entries * entry;
}

bool KeepsWeights(const RunSpec& run) {
  return UnitWeightBytes(run) <= kWeightCacheBytes;
}

}  // namespace initscope
