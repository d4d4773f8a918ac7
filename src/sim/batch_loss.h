// The loss of one batch: from Z_L to its value and delta_L.
#pragma once

#include "linalg/packed_batch.h"
#include "sim/run_result.h"
#include "sim/run_spec.h"
#include "stats/scaled_double.h"

namespace initscope {

// Sums over the samples of a batch (nn/losses.h), and how many of them have
// their largest logit at the target's class; a single logit stands for class 1
// where it is positive. `correct` is meaningful for labelled data only.
struct BatchLoss {
  LossRow sum;
  size_t samples = 0;
  size_t correct = 0;
};

// Z_L = factor·z. delta: batch × outputs.
template <typename T>
BatchLoss ApplyLoss(const RunSpec& run, const PackedBatch<T>& z,
                    ScaledDouble factor, const Matrix<double>& targets,
                    ScaledMatrix<T>* delta);

// Adds what one of `batches` batches contributes to a run's means.
void AddLoss(const BatchLoss& loss, size_t batches, RunResult* result);

}  // namespace initscope
