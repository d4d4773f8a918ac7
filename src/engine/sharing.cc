#include "engine/sharing.h"

namespace initscope {
namespace {

// U of every layer is kept between the passes up to this; beyond it each pass
// draws anew. A constant: what is computed must not depend on the machine.
constexpr double kWeightCacheBytes = 1u << 30;

}  // namespace

bool IsHomogeneous(const RunSpec& run) {
  const bool has_bias =
      run.bias_init == BiasInit::kTorchDefault || run.bias_std != 0;
  return run.activation->homogeneous && !has_bias &&
         !run.init->data_dependent && run.gain > 0 &&
         run.init->law != UnitLaw::kZero;
}

PassKey ForwardPassKey(const RunSpec& run) {
  const bool homogeneous = IsHomogeneous(run);
  return {run.activation,
          homogeneous ? nullptr : run.init,
          homogeneous ? 0 : run.gain,
          homogeneous ? BiasInit::kNormal : run.bias_init,
          run.bias_std,
          run.batch,
          run.batches,
          run.data_seed,
          run.input_kind,
          run.samples.get(),
          run.input_variance,
          run.input_correlation,
          run.jacobian_samples};
}

bool ShareInputs(const RunSpec& a, const RunSpec& b) {
  return a.batch == b.batch && a.batches == b.batches &&
         a.data_seed == b.data_seed && a.input_kind == b.input_kind &&
         a.samples == b.samples && a.input_variance == b.input_variance &&
         a.input_correlation == b.input_correlation;
}

bool ShareTargets(const RunSpec& a, const RunSpec& b) {
  return ShareInputs(a, b) && a.loss == b.loss &&
         a.label_smoothing == b.label_smoothing;
}

bool ShareBackward(const RunSpec& a, const RunSpec& b) {
  return IsHomogeneous(a) && a.loss->name == "probe" && ShareTargets(a, b);
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
