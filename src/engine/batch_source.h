// The inputs and targets of a run's batches.
//
// A data file's samples come in the order of a permutation from data_seed,
// without replacement; drawn samples are variates at row batch · m + i. Both
// depend on data_seed alone, so that runs with different weights share them.
#pragma once

#include "linalg/scaled_matrix.h"
#include "spec/run_spec.h"

namespace initscope {

// x = X_0 of batch `index`: batch × input width.
template <typename T>
void FillInputs(const RunSpec& run, size_t index, ScaledMatrix<T>* x);

// Y of batch `index` (R for probe): batch × outputs. Labels become one-hot
// rows (one column where two classes share a sigmoid), else the loss draws
// them; label smoothing ε then mixes in the uniform distribution: 1/outputs,
// or ½ for sigmoid outputs. No smoothing for probe and drawn mse targets.
Matrix<double> MakeTargets(const RunSpec& run, size_t index);

}  // namespace initscope
