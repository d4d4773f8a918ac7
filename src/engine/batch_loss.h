// The loss of one batch: from Z_L to its value and delta_L.
#pragma once

#include "engine/run_result.h"
#include "linalg/packed_batch.h"
#include "spec/run_spec.h"
#include "stats/scaled_double.h"

namespace initscope {

// Sums over the samples of a batch of what LossRow has, and how many of them
// have their largest logit at the target's class; a single logit stands for
// class 1 where it is positive. `correct` is meaningful for labelled data only.
struct BatchLoss {
  ScaledDouble value, label_entropy, cross_entropy, kl_divergence;
  size_t samples = 0;
  size_t correct = 0;
};

// Z_L = factor·z. delta: batch × outputs.
template <typename T>
BatchLoss ApplyLoss(const RunSpec& run, const PackedBatch<T>& z,
                    ScaledDouble factor, const Matrix<double>& targets,
                    ScaledMatrix<T>* delta);

// A run's means over its batches. Sums of what is out of a double's range may
// be in it, or have a sign that two infinities would not.
class MeanLoss {
 public:
  // One of `batches` batches.
  void Add(const BatchLoss& loss, size_t batches);
  void Store(RunResult* result) const;

 private:
  ScaledDouble value_, label_entropy_, cross_entropy_, kl_divergence_;
};

}  // namespace initscope
