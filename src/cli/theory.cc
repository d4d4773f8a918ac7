// initscope theory: what mean-field theory says of a sweep, without running it.

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/experiment.h"
#include "cli/input_text.h"
#include "cli/json_text.h"
#include "cli/say.h"
#include "cli/theory_text.h"
#include "io/publish.h"
#include "io/results_writer.h"
#include "sweep/theory_sweep.h"

namespace initscope {
namespace {

void WritePrediction(const Experiment& experiment, const Prediction& prediction,
                     const Options& options, OutputFile* output) {
  Publish(output, [&](Hdf5Writer* writer) {
    WriteResults(experiment.Describe(), prediction.runs, prediction.results,
                 experiment.swept, experiment.inputs, writer);
  });
  if (!options.quiet) {
    Say("{} networks -> {}\n", prediction.runs.size(), output->path().string());
  }
}

}  // namespace

int TheoryCommand(const Options& options) {
  const Experiment experiment = LoadExperiment(options);
  // `output` in a file is where `run` writes.
  std::optional<OutputFile> output;
  if (experiment.output_where.starts_with("--")) {
    output.emplace(experiment.output, options.force, experiment.files_read);
  }
  const TheoryTables tables;
  const Prediction prediction =
      PredictSweep(experiment.runs, tables, experiment.jobs);
  if (prediction.runs.empty()) {
    throw UserError(ExitCode::kUsage,
                    fmt::format("{}: there is no theory for init = constant, "
                                "whose weights are not random; choose another "
                                "init",
                                experiment.title));
  }
  PrintInputs(experiment, options);
  if (output) WritePrediction(experiment, prediction, options, &*output);
  if (options.json) {
    fmt::print("{}", JsonText(TheoryJson(prediction, tables)));
  } else if (!output) {
    PrintTheory(prediction, tables);
  }
  return 0;
}

}  // namespace initscope
