// Writes what the command attention computes, as a results file.
//
//     /attention/<column>   one entry per run: run_id, the keys, the statistics
//                           of attention/attention_statistics.h, wall_seconds,
//                           status
//     /categories/<name>    the names behind the codes
//     /tensors/<name>       of the worked example: X, W_q, W_k, W_v, Q, K, V,
//                           S, S_scaled, E (infinite beyond the range of
//                           doubles), P, O, each with `formula` and, where it
//                           has exact fractions, with them as text `exact`
#pragma once

#include <vector>

#include "attention/attention_sweep.h"
#include "io/results_writer.h"

namespace initscope {

// The columns of /attention. REQUIRES: every run is drawn and complete.
std::vector<Column> AttentionColumns(
    const std::vector<AttentionSpec>& runs,
    const std::vector<AttentionResult>& results);

void WriteAttentionRuns(const Provenance& provenance,
                        const std::vector<AttentionSpec>& runs,
                        const std::vector<AttentionResult>& results,
                        Hdf5Writer* writer);

// A matrix of the worked example and what is said of it.
struct AttentionStep {
  std::string name;     // in the file: "S_scaled"
  std::string title;    // for the eye: "S/√d_k"
  std::string formula;  // "S = Q Kᵀ"
  ConstMatrixView<double> matrix;
  std::vector<std::string> exact;  // the entries as fractions, or empty
};

void WriteAttentionSteps(const Provenance& provenance, const AttentionSpec& run,
                         const std::vector<AttentionStep>& steps,
                         Hdf5Writer* writer);

}  // namespace initscope
