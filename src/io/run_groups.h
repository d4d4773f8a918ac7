// The groups of a results file: runs that differ only in their seeds.
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

// Medians, at one step, over the runs of a group that recorded it: log10, NaN
// if no run has the value.
struct LayerMedians {
  uint64_t step = 0;  // 0 without training
  size_t runs = 0;
  // The activation variance at the first and at the last hidden layer.
  double first_variance = 0, last_variance = 0;
  // The second moment of delta at layer 1 over that at the output.
  double delta_ratio = 0;
};

// How training went.
struct GroupTraining {
  uint64_t steps = 0;  // the last step of any run
  // Medians over all runs at step 0, and over those that did not diverge at
  // their last step; NaN without such runs or without labels.
  double first_loss = 0, last_loss = 0;
  double first_accuracy = 0, last_accuracy = 0;
  size_t diverged = 0;
  // The steps at which the first and the last of these runs diverged.
  uint64_t first_diverged = 0, last_diverged = 0;
};

struct RunGroup {
  // activation, init, and each key that separates groups which the keys before
  // it do not: of depth and shape, only depth.
  std::vector<std::pair<std::string, std::string>> keys;
  size_t runs = 0, failed = 0;
  std::vector<size_t> run_indices;    // rows of /runs
  std::vector<RunReadings> readings;  // of the runs that recorded step 0
  // At the first and the last recorded step: none if no step was recorded, one
  // if the two are the same.
  std::vector<LayerMedians> medians;
  std::optional<GroupTraining> training;  // in files of `train`
};

// The groups, in the order of their first runs; `keys` are those of /runs.
// REQUIRES: the file has /runs and /layers, with statistics.
std::vector<RunGroup> ReadRunGroups(const ResultsReader& file,
                                    const std::vector<KeyColumn>& keys);

}  // namespace initscope
