// What run, plan and trace begin with: an experiment file and flags, read,
// expanded and resolved, with its data loaded.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "cli/options.h"
#include "io/results_writer.h"
#include "sim/run_spec.h"
#include "sim/scheduler.h"

namespace initscope {

struct Experiment {
  // Since the experiment began to load, for the results file and the summary.
  double Seconds() const;
  // What the results file says of how it came about, up to now.
  Provenance Describe() const;

  std::chrono::steady_clock::time_point begin;
  std::string started_utc;
  std::string command_line;
  std::string name;
  std::string output;  // as configured; "" for the default
  std::string output_where;
  size_t jobs = 1;
  std::vector<RunSpec> runs;
  std::vector<std::string> swept;
  size_t duplicates = 0;
  std::vector<std::shared_ptr<const InputData>> inputs;
  std::string configuration;  // file and flags in one, as an experiment file
  SweepCost cost;
};

// Throws UserError; also where the sweep needs more memory than there is.
Experiment LoadExperiment(const Options& options);

// The output path: the configured one, or results/<name><suffix>.h5, whose
// folder is created.
std::string OutputPath(const Experiment& experiment, const char* suffix);

}  // namespace initscope
