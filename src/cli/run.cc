// initscope run and train: simulate the sweep and write the results file.

#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/input_text.h"
#include "cli/sweep_task.h"
#include "sweep/scheduler.h"

namespace initscope {

namespace {

int Simulate(const Options& options, decltype(RunSweep) simulate) {
  const Experiment experiment = LoadExperiment(options);
  const PlannedRuns planned = PlanOf(experiment.runs.run_ids());
  const SweepTask<RunSpec, RunResult> task = {
      RunsOf(experiment, options.command), simulate,
      [&](const std::vector<RunSpec>& runs,
          const std::vector<RunResult>& results, Hdf5Writer* writer) {
        WriteResults(experiment.DescribeSweep(planned), runs, results,
                     experiment.sweep->swept, experiment.inputs, writer);
      },
      experiment.file_bytes, options.quiet ? "" : InputText(experiment)};
  SweepSummary summary;
  summary.duplicates = experiment.runs.duplicates();
  summary.flops = experiment.flops();
  if (options.json) {
    summary.json = {{"flop", summary.flops}, {"inputs", InputJson(experiment)}};
  }
  return RunTask(experiment, options, task, summary);
}

}  // namespace

int RunCommand(const Options& options) { return Simulate(options, RunSweep); }

int TrainCommand(const Options& options) {
  return Simulate(options, TrainSweep);
}

}  // namespace initscope
