// Runs attention, forward and backward, on drawn or given matrices.
//
// What is drawn is N(0, 1) for X and for the probe R (d_o, which the gradients
// are of), and the initializer's U for each weight matrix, all by index from
// Stream::kAttention and `seed`: no number depends on jobs or order, and runs
// with the same seed share their draws, scaled or not.
#pragma once

#include <vector>

#include "attention/attention_spec.h"
#include "attention/attention_statistics.h"
#include "sweep/scheduler.h"

namespace initscope {

struct AttentionResult {
  AttentionStatistics statistics;
  double wall_seconds = 0;
  bool complete = false;
};

// X, W_q, W_k and W_v of a drawn run; s is in the weights. Throws Interrupted
// where `stop` became true, which is looked at before each matrix.
AttentionInputs DrawAttention(const AttentionSpec& run, StopFlag stop = {});
// R: rows × cols.
Matrix<double> DrawAttentionProbe(uint64_t seed, size_t rows, size_t cols);

// Throws UserError (kData) where an entry of S or O is not finite, naming it.
void CheckFinite(const AttentionTensors& t, const std::string& title);

// One result per run, in their order. When `stop` becomes true it returns with
// the runs that were complete by then. REQUIRES: every run is drawn.
std::vector<AttentionResult> RunAttentionSweep(
    const std::vector<AttentionSpec>& runs, const SweepOptions& options);

// Bytes that one run holds at the same time, at most, and the floating-point
// operations of its products.
double AttentionMemory(const AttentionSpec& run);
double AttentionFlops(const AttentionSpec& run);
// Bytes of the largest runs that `jobs` compute at the same time, and of all
// results.
double AttentionSweepMemory(const std::vector<AttentionSpec>& runs,
                            size_t jobs);

}  // namespace initscope
