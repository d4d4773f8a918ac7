// The loss of one batch and delta_L, from Z_L.
#pragma once

#include "engine/run_result.h"
#include "linalg/packed_batch.h"
#include "spec/run_spec.h"
#include "stats/scaled_double.h"

namespace initscope {

// Sums over the samples of a batch; terms as in LossRow.
struct BatchLoss {
  ScaledDouble value, label_entropy, cross_entropy, kl_divergence;
  size_t samples = 0;
  // Samples whose largest logit is at the target's class; a single positive
  // logit means class 1. Counted only for labelled data.
  size_t correct = 0;
};

// Z_L = factor·z. delta: batch × outputs.
template <typename T>
BatchLoss ApplyLoss(const RunSpec& run, const PackedBatch<T>& z,
                    ScaledDouble factor, const Matrix<double>& targets,
                    ScaledMatrix<T>* delta);

// Means over the batches of a run. Terms are ScaledDouble because terms beyond
// the range of a double may have a sum within it.
class MeanLoss {
 public:
  // Adds one of `batches` batches.
  void Add(const BatchLoss& loss, size_t batches);
  void Store(RunResult* result) const;

 private:
  ScaledDouble value_, label_entropy_, cross_entropy_, kl_divergence_;
};

}  // namespace initscope
