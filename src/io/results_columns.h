// The columns of a results file's tables: tidy, one-dimensional, the swept keys
// repeated beside every row. io/README.md describes the format.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/run_result.h"
#include "engine/run_status.h"
#include "io/table.h"
#include "spec/key_table.h"

namespace initscope {

// One column for each key that is `wanted` and is stored, one entry per run.
template <typename Spec>
std::vector<Column> KeyColumns(const std::vector<KeyOf<Spec>>& keys,
                               const std::vector<Spec>& runs,
                               const std::function<bool(const Key&)>& wanted);

// Adds `status` and `error`: how each run ended.
template <typename Result>
void AddStatus(const std::vector<Result>& results, ColumnMaker* table) {
  std::vector<uint8_t> status;
  for (const Result& result : results) {
    status.push_back(static_cast<uint8_t>(result.status()));
  }
  table->Append({{"status",
                  "how the run ended",
                  std::move(status),
                  "",
                  {kRunStatusNames.begin(), kRunStatusNames.end()}}});
  table->Add("error", "why the run failed; empty if it did not",
             [&](size_t i) { return results[i].error; });
}

// /runs: one entry per run. The columns that summarize Jacobians are there if
// any run has one, and NaN for runs without.
std::vector<Column> RunColumns(const std::vector<RunSpec>& runs,
                               const std::vector<RunResult>& results);

// The other tables repeat each run's activation, init, seed and its keys of
// `swept` in every row.

// /layers: one entry per run, recorded step and layer 0 … L.
std::vector<Column> LayerColumns(const std::vector<RunSpec>& runs,
                                 const std::vector<RunResult>& results,
                                 const std::vector<std::string>& swept);

// /steps: one entry per run and training step.
std::vector<Column> StepColumns(const std::vector<RunSpec>& runs,
                                const std::vector<RunResult>& results,
                                const std::vector<std::string>& swept);

// /jacobian: one entry per run, sample and singular value of the end-to-end
// Jacobian (engine/jacobian.h).
std::vector<Column> JacobianColumns(const std::vector<RunSpec>& runs,
                                    const std::vector<RunResult>& results,
                                    const std::vector<std::string>& swept);

}  // namespace initscope
