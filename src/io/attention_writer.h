// Writes the results of the command attention to a results file.
//
//     /attention/<column>   one entry per run: run_id, the keys, the statistics
//                           of attention/attention_statistics.h, wall_seconds,
//                           status
//     /categories/<name>    the names behind the codes
//     /tensors/<name>       in place of these, for the worked example: X, W_q,
//                           W_k, W_v, Q, K, V, S, S_scaled, E (infinite beyond
//                           the range of doubles), P, O, each with `formula`
//                           and, where its entries are exact fractions, with
//                           those as the text `exact`
#pragma once

#include <string>
#include <vector>

#include "attention/attention_sweep.h"
#include "io/results_writer.h"

namespace initscope {

// REQUIRES: every run is drawn and complete.
void WriteAttentionRuns(const Provenance& provenance,
                        const std::vector<AttentionSpec>& runs,
                        const std::vector<AttentionResult>& results,
                        Hdf5Writer* writer);

// A matrix of the worked example, and how it is shown.
struct AttentionStep {
  std::string name;     // in the file: "S_scaled"
  std::string title;    // for the reader: "S/√d_k"
  std::string formula;  // "S = Q Kᵀ"
  ConstMatrixView<double> matrix;
  std::vector<std::string> exact;  // the entries as fractions, or empty
};

void WriteAttentionSteps(const Provenance& provenance, const AttentionSpec& run,
                         const std::vector<AttentionStep>& steps,
                         Hdf5Writer* writer);

// Bytes of so many runs in a file, before any compression.
double AttentionFileBytes(size_t runs);

}  // namespace initscope
