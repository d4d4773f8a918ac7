// initscope run and train: simulate the sweep and write the results file.

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/experiment.h"
#include "cli/input_text.h"
#include "cli/interrupt.h"
#include "cli/json_text.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "cli/units.h"
#include "io/publish.h"
#include "io/results_writer.h"
#include "sweep/training_sweep.h"

namespace initscope {

namespace {

using Runner = std::vector<RunResult> (*)(const std::vector<RunSpec>& runs,
                                          const SweepOptions& options);

void PrintSummary(const Experiment& experiment,
                  const std::vector<RunResult>& results, double seconds,
                  const std::string& output) {
  if (experiment.duplicates > 0) {
    Say("{} duplicate runs were dropped\n", experiment.duplicates);
  }
  const auto diverged =
      std::count_if(results.begin(), results.end(),
                    [](const RunResult& r) { return r.diverged; });
  if (diverged > 0) {
    Say("{} of {} runs diverged (status); their rows end there\n", diverged,
        results.size());
  }
  Say("{} runs in {} ({:.3g} useful GFLOP/s) -> {} ({})\n",
      experiment.runs.size(), SecondsText(seconds),
      SweepFlops(experiment.runs) / seconds / 1e9, output,
      BytesText(static_cast<double>(std::filesystem::file_size(output))));
}

int Simulate(const Options& options, Runner simulate) {
  const Experiment experiment = LoadExperiment(options);
  const InterruptFlag interrupt;
  OutputFile output = MakeOutput(experiment, options, "");
  PrintInputs(experiment, options);
  std::vector<RunResult> results;
  {
    Progress progress(experiment.runs.size(), !options.quiet);
    results =
        simulate(experiment.runs, {experiment.jobs, &interrupt.raised(),
                                   [&](size_t runs) { progress.Advance(runs); },
                                   experiment.theory});
  }
  const auto complete = static_cast<size_t>(
      std::count_if(results.begin(), results.end(),
                    [](const RunResult& r) { return r.complete; }));
  if (complete < results.size()) {
    Say("initscope: interrupted after {} of {} runs; nothing was "
        "written\n",
        complete, results.size());
    return interrupt.ExitCode();
  }
  const double seconds = experiment.Seconds();
  Publish(&output, [&](Hdf5Writer* writer) {
    WriteResults(experiment.Describe(), experiment.runs, results,
                 experiment.swept, experiment.inputs, writer);
  });

  if (options.json) {
    const nlohmann::ordered_json json = {
        {"output", output.path().string()},
        {"runs", experiment.runs.size()},
        {"duplicates_dropped", experiment.duplicates},
        {"seconds", seconds},
        {"flop", SweepFlops(experiment.runs)},
        {"inputs", InputJson(experiment)}};
    fmt::print("{}", JsonText(json));
  }
  if (!options.quiet) {
    PrintSummary(experiment, results, seconds, output.path().string());
  }
  if (std::all_of(results.begin(), results.end(),
                  [](const RunResult& r) { return r.diverged; })) {
    fmt::print(stderr,
               "initscope: every run diverged; {} holds what was before\n",
               output.path().string());
    return static_cast<int>(ExitCode::kCheckFailed);
  }
  return 0;
}

}  // namespace

int RunCommand(const Options& options) { return Simulate(options, RunSweep); }

int TrainCommand(const Options& options) {
  return Simulate(options, TrainSweep);
}

}  // namespace initscope
