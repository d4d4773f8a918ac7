#include "engine/sharing.h"

namespace initscope {

namespace {

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
  return {run.seed, run.init->law, run.Shape(), run.precision};
}

// The only place that knows what a homogeneous network does not depend on.
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

}  // namespace initscope
