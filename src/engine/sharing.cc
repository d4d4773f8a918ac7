#include "engine/sharing.h"

namespace initscope {

namespace {

template <typename Part>
bool Same(const Part& a, const Part& b) {
  return a == b;
}

bool HasBias(const RunSpec& run) {
  return run.bias_init == BiasInit::kTorchDefault || run.bias_std != 0;
}

bool DependsOnSeed(const RunSpec& run) {
  return HasMatrix(run.init->law) || HasBias(run);
}

}  // namespace

bool IsHomogeneous(const RunSpec& run) {
  return run.activation->homogeneous && !HasBias(run) &&
         !run.init->data_dependent && run.gain > 0 &&
         run.init->law != UnitLaw::kZero;
}

UnitDraw UnitDrawOf(const RunSpec& run) {
  return {DependsOnSeed(run) ? run.seed : 0, run.init->law, run.Shape(),
          run.precision};
}

// This and the next are the only places that know what a network does not
// depend on.
ForwardPassSpec ForwardPassOf(const RunSpec& run) {
  ForwardPassSpec pass = {run, run, run, run};
  if (IsHomogeneous(run) || run.init->law == UnitLaw::kZero) {
    static_cast<WeightLaw&>(pass) = {nullptr, 0};
  }
  if (!DependsOnSeed(run)) pass.seed = 0;
  return pass;
}

BackwardPassSpec BackwardPassOf(const RunSpec& run) {
  BackwardPassSpec pass = {run, run};
  if ((IsHomogeneous(run) && run.loss->linear) ||
      run.init->law == UnitLaw::kZero) {
    static_cast<WeightLaw&>(pass) = {nullptr, 0};
  }
  return pass;
}

bool ShareInputs(const RunSpec& a, const RunSpec& b) {
  return Same<InputSpec>(a, b);
}

bool ShareTargets(const RunSpec& a, const RunSpec& b) {
  return ShareInputs(a, b) && Same<TargetSpec>(a, b);
}

}  // namespace initscope
