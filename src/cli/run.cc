// initscope run and train: simulate the sweep and write the results file.

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/ending.h"
#include "cli/input_text.h"
#include "cli/say.h"
#include "sweep/scheduler.h"

namespace initscope {

namespace {

using Runner = std::vector<RunResult> (*)(const std::vector<RunSpec>& runs,
                                          const SweepOptions& options);

int Simulate(const Options& options, Runner simulate) {
  const Experiment experiment = LoadExperiment(options);
  const double flops = SweepFlops(experiment.runs);
  std::vector<RunResult> results;
  SweepTask task = {experiment.runs.size(), experiment.duplicates, flops,
                    options.quiet ? "" : InputText(experiment)};
  if (options.json) {
    task.json = {{"flop", flops}, {"inputs", InputJson(experiment)}};
  }
  task.compute = [&](const SweepOptions& how) {
    results = simulate(experiment.runs, how);
    return CountComplete(results);
  };
  task.write = [&](Hdf5Writer* writer) {
    WriteResults(experiment.Describe(), experiment.runs, results,
                 experiment.sweep.swept, experiment.inputs, writer);
  };
  task.end = [&](const std::string& path) {
    const auto diverged = static_cast<size_t>(
        std::ranges::count(results, true, &RunResult::diverged));
    if (diverged == results.size()) {
      Say("initscope: every run diverged; {} holds what was before\n", path);
      return static_cast<int>(ExitCode::kCheckFailed);
    }
    if (diverged > 0 && !options.quiet) {
      Say("{} of {} runs diverged (status); their rows end there\n", diverged,
          results.size());
    }
    return 0;
  };
  return RunTask(experiment, options, task);
}

}  // namespace

int RunCommand(const Options& options) { return Simulate(options, RunSweep); }

int TrainCommand(const Options& options) {
  return Simulate(options, TrainSweep);
}

}  // namespace initscope
