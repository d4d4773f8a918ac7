// Writes a results file: format "initscope-results".
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/run_result.h"
#include "io/hdf5_writer.h"
#include "io/results_columns.h"
#include "spec/input_data.h"
#include "spec/run_spec.h"

namespace initscope {

// Bumped when a column changes its meaning or place, not when one is added.
inline constexpr int64_t kFormatVersion = 1;
// Bumped when the same run gives other numbers than before.
inline constexpr int64_t kNumericsVersion = 5;

// What the root attributes say of how the file came about.
struct Provenance {
  std::string name;
  std::string command_line;
  std::string configuration;  // file and flags in one, as an .ini
  std::string started_utc;    // 2026-01-31T12:00:00Z
  double wall_seconds = 0;
  size_t jobs = 1;
};

// The present moment, as Provenance wants it.
std::string UtcNow();

// The parts that every results file is made of: the root's attributes; columns
// in `group`, which has the dimension scale `scale`, with long_name, formula
// and, for codes, the CF attributes; and the names behind the codes.
void WriteRoot(const Provenance& provenance, Hdf5Writer* writer);
void WriteColumns(const std::string& group, const std::vector<Column>& columns,
                  const std::string& scale, Hdf5Writer* writer);
void WriteCategories(const std::vector<Column>& columns, Hdf5Writer* writer);

// All of a results file but tensors. `writer` stays open for more.
void WriteResults(const Provenance& provenance,
                  const std::vector<RunSpec>& runs,
                  const std::vector<RunResult>& results,
                  const std::vector<std::string>& swept,
                  const std::vector<std::shared_ptr<const InputData>>& inputs,
                  Hdf5Writer* writer);

}  // namespace initscope
