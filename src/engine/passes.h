// Forward and backward passes of the runs of a bundle, layer by layer:
//
//     forward:  Product(l), the product with U, Finish(l)   for l = 0 … L − 1
//     backward: Begin(delta_L), then the same               for l = L − 1 … 0
//
// The caller forms the product, for all passes at once.
#pragma once

#include <vector>

#include "base/parallel.h"
#include "engine/delta_recorder.h"
#include "engine/sharing.h"
#include "engine/statistics.h"
#include "nn/layer_weights.h"
#include "nn/weight_gradient.h"
#include "spec/run_spec.h"

namespace initscope {

// X_0 of one batch.
template <typename T>
struct Inputs {
  MeasuredBatch<T> x;
};

// X_0 of batch `index` of a run.
template <typename T>
void DrawInputs(const RunSpec& run, size_t index, Jobs jobs, Inputs<T>* inputs);

// The initial b_l of a run, fan_out entries; empty if all are zero.
template <typename T>
std::vector<T> DrawBias(const RunSpec& run, size_t l);

// What a forward pass leaves for the backward passes of the same batch. Passes
// that follow each other can share one.
template <typename T>
struct PassTensors {
  std::vector<MeasuredBatch<T>> x;    // X_1 … X_{L−1}; x[0] is unused
  std::vector<PackedBatch<T>> slope;  // f'(Z_1) … f'(Z_{L−1}), likewise
  MeasuredBatch<T> z;                 // Z_L at the end
};

// One forward pass, for one or several runs.
template <typename T>
class ForwardPass {
 public:
  // All must outlive the pass.
  ForwardPass(const RunSpec& run, const NetworkWeights<T>& weights,
              PassTensors<T>* tensors);

  const RunSpec& run() const { return run_; }
  bool scale_free() const { return scale_free_; }
  // The scale s of W_l = s·U for `run`, one of the runs of this pass. lsuv
  // finds it in the first batch.
  double WeightScale(const RunSpec& run, size_t l) const {
    return scale_free_ ? run.Scale(l) : scale_[l];
  }
  const MeasuredBatch<T>& x(size_t l) const {
    return l == 0 ? inputs_->x : tensors_.x[l];
  }
  const PackedBatch<T>& slope(size_t l) const { return tensors_.slope[l]; }
  const PackedBatch<T>& z() const { return tensors_.z; }
  const std::vector<T>& bias() const { return layer_.bias; }
  const ForwardStatistics& row(size_t l) const { return rows_[l]; }

  // Starts new statistics if `on`; else none are gathered.
  void Record(bool on);
  void BeginBatch(size_t index, const Inputs<T>* inputs);

  // The product X_l U.
  ProductJob<T> Product(size_t l);

  // From that product: Z_{l+1}, X_{l+1} and f'(Z_{l+1}).
  void Finish(size_t l, Jobs jobs);

 private:
  // For lsuv: the scale that gives X_l W_l of the first batch variance gain².
  void FindScale(size_t l);

  const RunSpec& run_;
  const NetworkWeights<T>& weights_;
  PassTensors<T>& tensors_;
  bool scale_free_;
  bool record_ = true;
  size_t batch_ = 0;
  const Inputs<T>* inputs_ = nullptr;
  std::vector<double> scale_;  // s of W = s·U; 1 in a pass over U
  ForwardLayer<T> layer_;
  std::vector<ForwardStatistics> rows_;
};

// One backward pass, for one or several runs.
template <typename T>
class BackwardPass {
 public:
  BackwardPass(const RunSpec& run, const ForwardPass<T>* forward)
      : run_(run),
        forward_(forward),
        scale_free_(forward->scale_free() && run.loss->linear),
        rows_(run.depth() + 1) {}

  const RunSpec& run() const { return run_; }
  const ForwardPass<T>* forward() const { return forward_; }
  bool scale_free() const { return scale_free_; }
  const MeasuredBatch<T>& delta() const { return delta_; }
  const ScaledMatrix<double>& bias_gradient() const { return bias_gradient_; }
  const BackwardStatistics& row(size_t l) const { return rows_[l]; }

  // From now on also records delta_L and Z_L in `start`.
  void RecordStart(DeltaRecorder* start) { start_ = start; }
  DeltaRecorder* start() const { return start_; }
  // Like ForwardPass::Record. db is computed in any case.
  void Record(bool on);
  // delta_L of batch `index`.
  void Begin(const ScaledMatrix<T>& delta, size_t index, Jobs jobs);

  // Adds dW_l and db_l to the statistics, if these are gathered.
  void MeasureGradients(size_t l, Jobs jobs, GradientScratch<T>* scratch);

  // The product delta_{l+1} Uᵀ.
  ProductJob<T> Product(size_t l);

  // From that product: delta_l, and db_{l−1}.
  void Finish(size_t l, Jobs jobs);

 private:
  // Measures delta_, which is delta_l.
  void MeasureDelta(size_t l, Jobs jobs);

  const RunSpec& run_;
  const ForwardPass<T>* forward_;
  bool scale_free_;
  bool record_ = true;
  size_t batch_ = 0;
  DeltaRecorder* start_ = nullptr;
  MeasuredBatch<T> delta_, next_;
  BackwardLayer<T> layer_;
  ScaledMatrix<double> bias_gradient_;  // of delta_
  std::vector<BackwardStatistics> rows_;
};

}  // namespace initscope
