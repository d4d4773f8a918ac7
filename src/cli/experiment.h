// What the commands that take keys begin with: an experiment file and flags,
// read and expanded; for run, plan and trace also resolved, with its data
// loaded.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cli/options.h"
#include "io/output_file.h"
#include "io/results_writer.h"
#include "spec/run_spec.h"
#include "spec/sweep.h"
#include "sweep/sweep_cost.h"

namespace initscope {

// What any experiment has, whatever its runs are.
struct ExperimentHead {
  // Since the experiment began to load, for the results file and the summary.
  double Seconds() const;
  // What the results file says of how it came about, up to now.
  Provenance Describe() const;

  std::chrono::steady_clock::time_point begin;
  std::string started_utc;
  std::string command_line;
  std::string name;
  std::string title;             // for messages: the file, or the name
  std::filesystem::path folder;  // that paths are relative to
  std::vector<std::filesystem::path> files_read;  // by this command
  std::string output;  // as configured; "" for the default
  std::string output_where;
  size_t jobs = 1;
  bool theory = true;
  Sweep sweep;
  std::string configuration;  // file and flags in one, as an experiment file
};

struct Experiment : ExperimentHead {
  std::vector<RunSpec> runs;
  std::vector<std::string> swept;
  size_t duplicates = 0;
  std::vector<std::shared_ptr<const InputData>> inputs;
  SweepMemory memory;
};

// Reads the file and the flags. Throws UserError.
ExperimentHead LoadExperimentHead(const Options& options);

// Throws UserError; also where the sweep needs more memory than there is.
Experiment LoadExperiment(const Options& options);

// Makes the output: the configured file, or results/<name><suffix>.h5, whose
// folder is created. Throws UserError where that cannot be, or would harm a
// file that the command has read.
OutputFile MakeOutput(const ExperimentHead& experiment, const Options& options,
                      const char* suffix);

}  // namespace initscope
