// The inputs and targets of a run's batches.
//
// Samples of a data file come in the order of a permutation from data_seed,
// without replacement; drawn sample i of batch k consists of the variates at
// row k·m + i (m samples per batch). Both depend only on data_seed, so runs
// with different weights share them.
#pragma once

#include "base/parallel.h"
#include "base/stop_flag.h"
#include "linalg/scaled_matrix.h"
#include "spec/run_spec.h"

namespace initscope {

// x = X_0 of batch `index`: batch × input width.
template <typename T>
void FillInputs(const RunSpec& run, size_t index, Jobs jobs,
                ScaledMatrix<T>* x);

// Y of batch `index` (R for probe): batch × outputs. Labels become one-hot rows
// (one column if two classes share a sigmoid); without labels the loss draws
// the targets. Label smoothing ε then mixes in the uniform distribution:
//
//     y ← (1 − ε) y + ε/outputs     (ε/2 for sigmoid outputs)
//
// Probe and drawn mse targets are not smoothed.
Matrix<double> MakeTargets(const RunSpec& run, size_t index,
                           StopFlag stop = {});

}  // namespace initscope
