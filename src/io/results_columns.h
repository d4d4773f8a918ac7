// The columns of /runs and /layers, as section 4 of the format describes them:
// tidy, one-dimensional, the swept keys repeated in /layers.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/run_result.h"
#include "io/hdf5_writer.h"
#include "spec/key_table.h"

namespace initscope {

struct Column {
  std::string name;
  std::string long_name;
  std::string formula;  // "" where there is none
  ColumnValues values;
  // For codes: the names behind 0, 1, 2 …
  std::vector<std::string> categories = {};
  bool is_key = false;  // of an experiment; then it says whether it is swept
};

// The columns of the keys that are `wanted` and have a value of a run.
template <typename Spec>
std::vector<Column> KeyColumns(const std::vector<KeyOf<Spec>>& keys,
                               const std::vector<Spec>& runs,
                               const std::function<bool(const Key&)>& wanted);

// Appends activation, init, seed and the keys of `swept`, each run's values
// `count(run)` times.
void AppendKeys(const std::vector<RunSpec>& runs,
                const std::vector<std::string>& swept,
                const std::function<size_t(size_t)>& count,
                std::vector<Column>* columns);

// One entry per run.
std::vector<Column> RunColumns(const std::vector<RunSpec>& runs,
                               const std::vector<RunResult>& results);

// One entry per run, recorded step and row 0 … L. activation, init, seed and
// every key of `swept` are repeated.
std::vector<Column> LayerColumns(const std::vector<RunSpec>& runs,
                                 const std::vector<RunResult>& results,
                                 const std::vector<std::string>& swept);

// One entry per run and training step; as for LayerColumns, the keys.
std::vector<Column> StepColumns(const std::vector<RunSpec>& runs,
                                const std::vector<RunResult>& results,
                                const std::vector<std::string>& swept);

}  // namespace initscope
