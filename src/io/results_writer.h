// Writes a results file: format "initscope-results".
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/run_result.h"
#include "io/hdf5_writer.h"
#include "spec/input_data.h"
#include "spec/run_spec.h"

namespace initscope {

// Bumped when a column changes its meaning or place, not when one is added.
inline constexpr int64_t kFormatVersion = 1;
// Bumped when the same run gives other numbers than before.
inline constexpr int64_t kNumericsVersion = 7;

// The runs of a whole sweep, of which a file may hold a part.
struct PlannedRuns {
  size_t count = 0;    // 0: there is no such plan
  std::string sha256;  // of their run_ids, in the sweep's order
};
PlannedRuns PlanOf(const std::vector<uint64_t>& run_ids);

// How a file came about, as its root attributes say.
struct Provenance {
  std::string name;
  std::string command_line;
  std::string configuration;  // file and flags merged, as an .ini
  std::string started_utc;    // 2026-01-31T12:00:00Z
  double wall_seconds = 0;
  size_t jobs = 1;
  PlannedRuns planned = {};
};

// Writes the root attributes, which every results file has.
void WriteRoot(const Provenance& provenance, Hdf5Writer* writer);

// Writes everything but tensors. `writer` stays open for more.
void WriteResults(const Provenance& provenance,
                  const std::vector<RunSpec>& runs,
                  const std::vector<RunResult>& results,
                  const std::vector<std::string>& swept,
                  const std::vector<std::shared_ptr<const InputData>>& inputs,
                  Hdf5Writer* writer);

}  // namespace initscope
