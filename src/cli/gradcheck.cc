// initscope gradcheck: every analytic gradient against central differences.

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.h"
#include "check/gradient_check.h"
#include "check/logit_derivatives.h"
#include "cli/commands.h"
#include "cli/ending.h"
#include "cli/experiment_file.h"
#include "cli/gradcheck_text.h"
#include "cli/input_text.h"
#include "cli/json_text.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "engine/engine.h"
#include "spec/keys.h"
#include "spec/run_id.h"
#include "sweep/job_runner.h"
#include "sweep/result_sink.h"

namespace initscope {
namespace {

using Json = nlohmann::ordered_json;

// The options with float64 and one batch, whatever the file says: differences
// need double, and the first batch is enough. Throws UserError if a flag asks
// for something else.
Options InDouble(Options options) {
  for (const Setting& setting : options.settings) {
    if ((setting.key == "precision" && setting.text != "float64") ||
        (setting.key == "batches" && setting.text != "1")) {
      FailUsage("{}: gradcheck takes the first batch, in float64; leave {} out",
                setting.where, setting.key);
    }
  }
  std::erase_if(options.settings, [](const Setting& setting) {
    return setting.key == "precision" || setting.key == "batches";
  });
  // LoadExperiment reports that there is no experiment.
  if (options.files.empty() && options.settings.empty()) return options;
  options.settings.push_back({"precision", "float64", "gradcheck"});
  options.settings.push_back({"batches", "1", "gradcheck"});
  return options;
}

// What plain loops on one core do in a day.
constexpr double kMostFlops = 1e14;

// Refuses what would not fit into memory or would take more than a day. Returns
// the flop of it all.
double CheckCost(const Experiment& experiment,
                 const std::vector<RunSpec>& runs) {
  double flops = 0, bytes = 0;
  for (const RunSpec& run : runs) {
    flops += GradientCheckFlops(run);
    bytes = std::max(bytes, GradientCheckMemory(run));
  }
  const size_t together = std::min(experiment.jobs, runs.size());
  CheckMemory(experiment, "gradcheck", bytes * static_cast<double>(together),
              together, "width, depth, batch or jobs");
  if (flops > kMostFlops) {
    FailUsage(
        "{}: the differences take {:.1e} flop, which is more than a day of a "
        "core ({:.0e}); lower batch, width, depth or the number of runs",
        experiment.title, flops, kMostFlops);
  }
  return flops;
}

struct Checked {
  GradientReport report;
  std::vector<SampleDerivatives> samples;  // for --print
};

Json TensorJson(const TensorCheck& t) {
  return {{"gradient", t.name},
          {"rows", t.rows},
          {"columns", t.cols},
          {"checked", t.checked},
          {"at_kink", t.at_kink},
          {"failed", t.failed},
          {"largest", t.scale},
          {"relative_error", t.Relative(t.Error())},
          {"at", {t.row, t.col}},
          {"analytic", t.analytic},
          {"numeric", t.numeric},
          {"step", t.step},
          {"relative_bound", t.Relative(t.bound)},
          {"loosest_relative_bound", t.Relative(t.loosest_bound)},
          {"resolved", t.resolved()},
          {"ok", t.ok()}};
}

Json SamplesJson(const std::vector<SampleDerivatives>& samples) {
  Json rows = Json::array();
  for (const SampleDerivatives& sample : samples) {
    Json outputs = Json::array();
    for (const LogitDerivative& d : sample.outputs) {
      outputs.push_back({{"logit", d.logit},
                         {"prediction", d.prediction},
                         {"target", d.target},
                         {"analytic", d.analytic},
                         {"numeric", d.numeric},
                         {"bound", d.bound}});
    }
    rows.push_back({{"loss", sample.loss}, {"outputs", std::move(outputs)}});
  }
  return rows;
}

Json RunJson(const RunSpec& run, const Checked& checked, bool samples) {
  Json json = {{"run_id", RunIdHex(run.run_id)},
               {"configuration", CanonicalRun(run)},
               {"loss", checked.report.loss},
               {"plain_loss", checked.report.plain_loss},
               {"ok", checked.report.ok()}};
  for (const TensorCheck& t : checked.report.tensors) {
    json["gradients"].push_back(TensorJson(t));
  }
  if (samples) json["samples"] = SamplesJson(checked.samples);
  return json;
}

void PrintJson(const Experiment& experiment,
               const std::vector<Checked>& checked, bool samples) {
  Json json = {{"name", experiment.name}, {"ok", true}};
  for (size_t i = 0; i < checked.size(); ++i) {
    json["ok"] = json["ok"].get<bool>() && checked[i].report.ok();
    json["runs"].push_back(RunJson(experiment.runs[i], checked[i], samples));
  }
  fmt::print("{}", JsonText(json));
}

void PrintText(const Experiment& experiment,
               const std::vector<Checked>& checked, bool samples) {
  const bool is_sweep = checked.size() > 1;
  for (size_t i = 0; i < checked.size(); ++i) {
    const RunSpec run = experiment.runs[i];
    const GradientReport& report = checked[i].report;
    if (is_sweep) fmt::print("{}", RunLine(run, report));
    if (samples) fmt::print("{}", LogitsText(run, checked[i].samples));
    if (is_sweep && report.ok()) continue;
    if (!is_sweep) {
      fmt::print("{}, batch {}, in float64\n", RunText(run), run.batch);
    }
    fmt::print("{}", GradientTable(report));
  }
}

void CheckRuns(const std::vector<RunSpec>& runs, const SweepOptions& sweep,
               const Options& options, ResultSink<Checked>* sink) {
  // A single run uses all jobs for its tensors; several use one each.
  const size_t inner = runs.size() == 1 ? sweep.jobs : 1;
  RunLongestFirst(
      runs.size(), [&](size_t i) { return GradientCheckFlops(runs[i]); }, sweep,
      [&](size_t i) {
        const RunSpec& run = runs[i];
        const EngineGradients gradients = ComputeGradients(run, sweep.stop);
        Checked checked = {CheckGradients(run, gradients, {inner, sweep.stop}),
                           {}};
        if (options.print) {
          checked.samples = DifferentiateLosses(
              gradients.parameters, options.json ? run.batch : kSamplesShown);
        }
        sink->Take(i, std::move(checked));
      });
}

}  // namespace

int GradcheckCommand(const Options& options) {
  if (SetsAttention(options)) {
    Options attention = options;
    attention.command = "attention";
    attention.keys = kAttention;
    attention.check = true;
    return AttentionCommand(attention);
  }
  const Experiment experiment = LoadExperiment(InDouble(options));
  const std::vector<RunSpec> runs = experiment.runs.All();
  const double flops = CheckCost(experiment, runs);
  const InterruptFlag interrupt;
  std::optional<Progress> progress(std::in_place, runs.size(), flops,
                                   !options.quiet && runs.size() > 1);
  KeptResults<Checked> kept(runs.size(), [&](size_t i) {
    const double work = GradientCheckFlops(runs[i]);
    progress->Advance(i, {work, work});
  });
  CheckRuns(runs, {experiment.jobs, &interrupt.raised()}, options, &kept);
  progress.reset();
  if (kept.complete() < runs.size()) {
    return EndInterrupted(interrupt, kept.complete(), runs.size(), "");
  }
  const std::vector<Checked> checked = kept.Release();
  PrintInputs(experiment, options);
  if (options.json) {
    PrintJson(experiment, checked, options.print);
  } else if (!options.quiet) {
    PrintText(experiment, checked, options.print);
  }
  size_t failed = 0;
  std::string first;
  for (size_t i = 0; i < checked.size(); ++i) {
    if (checked[i].report.ok()) continue;
    if (failed++ == 0) {
      first = FailureText(runs[i], checked[i].report);
    }
  }
  if (failed == 0) return static_cast<int>(ExitCode::kSuccess);
  std::fflush(stdout);
  if (failed == 1) throw UserError(ExitCode::kCheckFailed, "{}", first);
  throw UserError(ExitCode::kCheckFailed, "{} of {} runs failed: {}", failed,
                  checked.size(), first);
}

}  // namespace initscope
