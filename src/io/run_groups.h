// The groups of a results file: runs that differ in their seeds alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/key_columns.h"
#include "io/results_reader.h"
#include "report/verdict.h"

namespace initscope {

// Medians over the runs of a group that have this step. In log10; NaN where no
// run has the value.
struct LayerMedians {
  uint64_t step = 0;  // 0 without training
  size_t runs = 0;
  // The activation variance at the first and at the last hidden layer.
  double first_variance = 0, last_variance = 0;
  // The second moment of delta at layer 1 over that at the output.
  double delta_ratio = 0;
};

// What became of training.
struct GroupTraining {
  uint64_t steps = 0;  // the last one of any run
  // Medians over all runs at step 0, and at the last step over those that did
  // not diverge; NaN where there are none or no labels.
  double first_loss = 0, last_loss = 0;
  double first_accuracy = 0, last_accuracy = 0;
  size_t diverged = 0;
  // Of these, the steps at which the first and the last diverged.
  uint64_t first_diverged = 0, last_diverged = 0;
};

struct RunGroup {
  // Activation, init, and each key that tells groups apart which earlier keys
  // do not: of depth and shape, depth.
  std::vector<std::pair<std::string, std::string>> keys;
  size_t runs = 0;
  std::vector<size_t> run_indices;    // of them, into /runs
  std::vector<RunReadings> readings;  // of runs that recorded step 0
  // Of the first and the last recorded step; none if no step was recorded, one
  // if they are the same.
  std::vector<LayerMedians> medians;
  std::optional<GroupTraining> training;  // of files of `train`
};

// In the order of their first runs; `keys` are those of /runs. REQUIRES: the
// file has /runs and /layers, and statistics in these.
std::vector<RunGroup> ReadRunGroups(const ResultsReader& file,
                                    const std::vector<KeyColumn>& keys);

}  // namespace initscope
