// initscope attention: the worked example, step by step, or the sweep over d_k.

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <span>
#include <vector>

#include "base/error.h"
#include "base/machine.h"
#include "cli/attention_text.h"
#include "cli/commands.h"
#include "cli/ending.h"
#include "cli/json_text.h"
#include "cli/units.h"
#include "io/attention_writer.h"
#include "io/input_reader.h"

namespace initscope {
namespace {

// Beyond, a student would not follow the fractions, and they would take long.
constexpr double kMostExactFlops = 1e5;
// A minute or so of losses.
constexpr double kMostCheckFlops = 1.5e11;

void CheckMemory(const ExperimentHead& head, const AttentionSweep& sweep) {
  const double bytes = AttentionSweepMemory(sweep.runs, head.jobs);
  const MemoryLimit limit = AvailableMemory();
  if (bytes <= limit.bytes) return;
  throw UserError(
      ExitCode::kUsage,
      fmt::format("{}: the runs need {} of memory with {} jobs, "
                  "and {}; lower d_k, d_model, "
                  "tokens or jobs",
                  head.title, BytesText(bytes), head.jobs, LimitText(limit)));
}

// A matrix as a list of rows; its entries are in the order of `entries`.
template <class Entries>
nlohmann::ordered_json RowsJson(const AttentionStep& step,
                                const Entries& entries) {
  const auto cols = static_cast<std::ptrdiff_t>(step.matrix.cols());
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (auto row = std::begin(entries); rows.size() < step.matrix.rows();
       row += cols) {
    rows.push_back(std::vector(row, row + cols));
  }
  return rows;
}

nlohmann::ordered_json StepJson(const AttentionStep& step) {
  nlohmann::ordered_json json = {
      {"name", step.name},
      {"title", step.title},
      {"formula", step.formula},
      {"shape", {step.matrix.rows(), step.matrix.cols()}}};
  json["values"] =
      RowsJson(step, std::span(step.matrix.data(), step.matrix.size()));
  if (!step.exact.empty()) json["exact"] = RowsJson(step, step.exact);
  return json;
}

int WorkedExample(const Options& options, const ExperimentHead& head,
                  const AttentionSpec& run, const AttentionInputs& in) {
  OutputFile output = MakeOutput(head, options, "");
  const AttentionTensors t = AttentionForward(in, run.softmax);
  CheckFinite(t, head.title);
  const ExactAttention exact = AttentionFlops(run) <= kMostExactFlops
                                   ? ComputeExactAttention(in, run.softmax)
                                   : ExactAttention{};
  SoftmaxSteps between;
  const std::vector<AttentionStep> steps =
      AttentionSteps(in, t, run, exact, &between);
  Publish(&output, [&](Hdf5Writer* writer) {
    WriteAttentionSteps(head.Describe(), run, steps, writer);
  });
  nlohmann::ordered_json json;
  for (const AttentionStep& step : steps) {
    json["steps"].push_back(StepJson(step));
    if (!step.exact.empty()) json["exact"][step.name] = step.exact;
    if (!options.json && !options.quiet) {
      fmt::print("{}", AttentionStepText(step));
    }
  }
  Tell(options, output, json, "attention of " + run.Title());
  return 0;
}

int RunSweepOfAttention(const Options& options, const ExperimentHead& head,
                        const AttentionSweep& sweep) {
  std::vector<AttentionResult> results;
  SweepTask task = {sweep.runs.size(), sweep.duplicates};
  task.compute = [&](const SweepOptions& how) {
    results = RunAttentionSweep(sweep.runs, how);
    return CountComplete(results);
  };
  task.write = [&](Hdf5Writer* writer) {
    WriteAttentionRuns(head.Describe(), sweep.runs, results, writer);
  };
  return RunTask(head, options, task);
}

nlohmann::ordered_json CheckJson(std::span<const TensorGradientCheck> checks) {
  nlohmann::ordered_json json;
  for (const TensorGradientCheck& check : checks) {
    json.push_back({{"tensor", check.name},
                    {"shape", {check.rows, check.cols}},
                    {"relative_error", check.RelativeError()},
                    {"row", check.row},
                    {"column", check.col},
                    {"analytic", check.analytic},
                    {"numeric", check.numeric},
                    {"allowed", check.bound},
                    {"ok", check.ok}});
  }
  return json;
}

int CheckGradients(const Options& options, const ExperimentHead& head,
                   const AttentionSweep& sweep) {
  const AttentionSpec& run = sweep.runs[0];
  if (sweep.runs.size() != 1) {
    throw UserError(
        ExitCode::kUsage,
        fmt::format("{}: --check takes one run, and this describes {} (over "
                    "{}); fix each to one value",
                    head.title, sweep.runs.size(),
                    fmt::join(head.sweep.swept, ", ")));
  }
  const AttentionInputs drawn =
      sweep.given ? AttentionInputs{} : DrawAttention(run);
  const AttentionInputs& in = sweep.given ? *sweep.given : drawn;
  const double losses = AttentionCheckLosses(in);
  if (losses * AttentionFlops(run) > kMostCheckFlops) {
    throw UserError(
        ExitCode::kUsage,
        fmt::format("{}: --check computes {:.2g} losses of {}, which takes too "
                    "long; lower d_k, d_model or tokens",
                    head.title, losses, run.Title()));
  }
  const AttentionTensors t = AttentionForward(in, run.softmax);
  CheckFinite(t, head.title);
  const Matrix<double> r = DrawAttentionProbe(run.seed, t.o.rows(), t.o.cols());
  const std::vector<TensorGradientCheck> checks =
      CheckAttentionGradients(in, run.softmax, r.view(),
                              AttentionBackward(in, t, run.softmax, r.view()));
  const bool ok = std::all_of(checks.begin(), checks.end(),
                              [](const auto& check) { return check.ok; });
  if (options.json) {
    fmt::print("{}", JsonText(CheckJson(checks)));
  } else if (!options.quiet) {
    fmt::print(
        "gradients of Σ R ⊙ O (R drawn, N(0, 1)) against central "
        "differences\n\n{}",
        GradientCheckTable(checks));
  }
  return static_cast<int>(ok ? ExitCode::kSuccess : ExitCode::kCheckFailed);
}

}  // namespace

int AttentionCommand(const Options& options) {
  ExperimentHead head = LoadExperimentHead(options);
  const AttentionSweep sweep = ResolveAttention(
      head.sweep, [&](std::string_view key, const std::string& path) {
        head.files_read.push_back(DataFile(path, head.folder));
        return ReadMatrix(key, path, head.folder);
      });
  CheckMemory(head, sweep);
  if (options.check) return CheckGradients(options, head, sweep);
  if (sweep.given) {
    return WorkedExample(options, head, sweep.runs[0], *sweep.given);
  }
  return RunSweepOfAttention(options, head, sweep);
}

}  // namespace initscope
