// How every command that takes keys begins: it reads an experiment file and
// flags and expands them into a sweep (ExperimentHead). Commands on networks
// also resolve the sweep into runs and load the data (Experiment).
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "base/machine.h"
#include "base/stopwatch.h"
#include "cli/options.h"
#include "io/output_file.h"
#include "io/results_writer.h"
#include "spec/resolve.h"
#include "spec/sweep.h"
#include "sweep/sweep_cost.h"

namespace initscope {

// What every experiment has, whether its runs are networks or attention.
struct ExperimentHead {
  // How the results came about, for the results file. Counts the time until
  // now.
  Provenance Describe() const;
  // The same for a sweep with these runs.
  Provenance DescribeSweep(const PlannedRuns& planned) const;

  Stopwatch watch;  // since the experiment began to load
  std::string started_utc;
  std::string command_line;
  std::string name;
  std::string title;             // for messages: the file, or the name
  std::filesystem::path folder;  // what the paths in it are relative to
  std::vector<std::filesystem::path> files_read;  // not to be overwritten
  std::string output;        // as configured; "" for the default
  std::string output_where;  // "FILE:LINE" or the flag that configures it
  size_t jobs = 1;
  MemoryLimit memory_limit;
  bool theory = true;
  std::shared_ptr<const Sweep> sweep;
  std::string configuration;  // file and flags in one, as an experiment file
};

struct Experiment : ExperimentHead {
  double flops() const {
    return std::accumulate(run_flops.begin(), run_flops.end(), 0.0);
  }

  RunList runs;
  // Of each run's matrix products if it shared none.
  std::vector<double> run_flops;
  std::vector<double> run_seconds;  // RunSeconds()
  std::vector<std::shared_ptr<const InputData>> inputs;
  std::set<size_t> with_all_classes;  // inputs of which a run uses all classes
  SweepMemory memory;
  double file_bytes = 0;  // of the results file, before any compression
};

// Whether the file or the flags set a key that only attention has.
bool SetsAttention(const Options& options);

// Reads the file and the flags. Throws UserError.
ExperimentHead LoadExperimentHead(const Options& options);

// Throws UserError, also if the sweep needs more memory than head.memory_limit.
// Lowers the number of jobs to what that allows.
Experiment LoadExperiment(const Options& options);
// The runs of a sweep that `command` computes, here or elsewhere: its memory is
// not checked.
Experiment LoadSweepOf(const Options& options, std::string_view command);

// Lowers head->jobs until bytes(jobs) are within head->memory_limit, and says
// so.
void FitJobs(const std::function<double(size_t jobs)>& bytes,
             const Options& options, ExperimentHead* head);

// Throws UserError (kUsage) if `what` ("the sweep") needs more `bytes` than
// head.memory_limit; `lower` names the keys that would help.
void CheckMemory(const ExperimentHead& head, std::string_view what,
                 double bytes, size_t jobs, std::string_view lower);

// Throws UserError (kUsage) unless there is one run; `what` is what needs that
// ("trace saves").
void CheckOneRun(const ExperimentHead& head, size_t runs,
                 std::string_view what);

// The configured file, or results/<name><suffix>.h5.
std::string OutputPath(const ExperimentHead& experiment, const char* suffix);

// Opens OutputPath(), whose folder `results` is created. Throws UserError if
// that is impossible or would overwrite a file that the command has read.
OutputFile MakeOutput(const ExperimentHead& experiment, const Options& options,
                      const char* suffix);

}  // namespace initscope
