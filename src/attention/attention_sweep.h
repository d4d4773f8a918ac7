// Runs attention, forward and backward, on drawn matrices.
//
// X and the probe R, which is ∂loss/∂O, are drawn from N(0, 1), each weight
// matrix from the initializer's law of U. All draws are functions of `seed` and
// index in Stream::kAttention, so no number depends on jobs or order, and
// scaled and unscaled runs with one seed share their draws.
#pragma once

#include <vector>

#include "attention/attention_statistics.h"
#include "attention/resolve_attention.h"
#include "engine/run_status.h"
#include "sweep/job_runner.h"
#include "sweep/result_sink.h"
#include "sweep/shard.h"

namespace initscope {

struct AttentionResult {
  RunStatus status() const {
    return error.empty() ? RunStatus::kComplete : RunStatus::kFailed;
  }
  static size_t Bytes() { return sizeof(AttentionResult); }

  AttentionStatistics statistics;
  double wall_seconds = 0;
  std::string error = {};  // why the run failed; then its numbers are NaN
};

// X, W_q, W_k and W_v of a drawn run; the weights are scaled by s. Checks
// `stop` before each matrix; throws Interrupted.
AttentionInputs DrawAttention(const AttentionSpec& run, StopFlag stop = {});
// R, rows × cols.
Matrix<double> DrawAttentionProbe(uint64_t seed, size_t rows, size_t cols);

// Throws UserError (kData) where an entry of S or O is not finite, naming it.
void CheckFinite(const AttentionTensors& t, const std::string& title);

// Gives each result to `sink` as its run finishes. Returns early when
// options.stop becomes true. REQUIRES: every run is drawn.
void RunAttentionSweep(const std::vector<AttentionSpec>& runs,
                       const SweepOptions& options,
                       ResultSink<AttentionResult>* sink);

// Floating-point operations of one run's products.
double AttentionFlops(const AttentionSpec& run);
// Each run alone.
std::vector<CostedRuns> GroupAttention(const std::vector<AttentionSpec>& runs,
                                       size_t shards);
// Bytes of the largest `jobs` runs at the same time, and of all results.
double AttentionSweepMemory(const std::vector<AttentionSpec>& runs,
                            size_t jobs);

}  // namespace initscope
