// initscope attention: the worked example, step by step, or the sweep over d_k.

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <numbers>
#include <span>
#include <vector>

#include "attention/attention_gradient_check.h"
#include "attention/exact_attention.h"
#include "base/error.h"
#include "base/number_text.h"
#include "cli/commands.h"
#include "cli/ending.h"
#include "cli/json_text.h"
#include "cli/matrix_text.h"
#include "cli/say.h"
#include "cli/sweep_task.h"
#include "io/attention_writer.h"
#include "io/input_reader.h"

namespace initscope {
namespace {

using Json = nlohmann::ordered_json;

// Beyond this, fractions take long and nobody could follow them.
constexpr double kMostExactFlops = 1e5;
// About a minute of losses.
constexpr double kMostCheckFlops = 1.5e11;

std::vector<std::string> Texts(const ExactMatrix& exact) {
  std::vector<std::string> texts;
  if (!exact) return texts;
  for (const Fraction& entry : exact->entries) texts.push_back(entry.str());
  return texts;
}

bool AllWhole(const std::vector<std::string>& exact) {
  return std::ranges::none_of(exact, [](const std::string& text) {
    return text.find('/') != std::string::npos;
  });
}

// The first columns of row i, right-aligned to `width` characters.
std::string RowText(const std::vector<std::string>& entries, size_t i,
                    size_t cols, size_t width) {
  std::string text;
  for (size_t j = 0; j < std::min(cols, kMostShown); ++j) {
    text += fmt::format("  {:>{}}", entries[i * cols + j], width);
  }
  return cols > kMostShown ? text + " …" : text;
}

size_t Widest(const std::vector<std::string>& entries) {
  size_t width = 0;
  for (const std::string& entry : entries) {
    width = std::max(width, entry.size());
  }
  return width;
}

std::string BaseText(double base) {
  return base == std::numbers::e ? "e" : NumberText(base);
}

// S/√d_k and b^(S/√d_k). The computation keeps neither: it takes powers of the
// distances to a row's largest entry, because these may not fit a double.
struct SoftmaxSteps {
  Matrix<double> scaled, powers;
};

// Every step from X to O, in order. Fills `between`; the steps are views of it,
// of `in` and of `t`.
std::vector<AttentionStep> AttentionSteps(const AttentionInputs& in,
                                          const AttentionTensors& t,
                                          const AttentionSpec& run,
                                          const ExactAttention& exact,
                                          SoftmaxSteps* between) {
  between->scaled.Resize(t.s.rows(), t.s.cols());
  between->powers.Resize(t.s.rows(), t.s.cols());
  for (size_t i = 0; i < t.s.size(); ++i) {
    const double z = t.s.data()[i] / run.softmax.divisor;
    between->scaled.data()[i] = z;
    between->powers.data()[i] = exact.e ? ToDouble(exact.e->entries[i])
                                        : AttentionPower(run.softmax.base, z);
  }
  const std::string divisor = fmt::format("{:.6g}", run.softmax.divisor);
  const std::string base = BaseText(run.softmax.base);
  const std::string of_z = run.scaled
                               ? fmt::format("z = S/√d_k, √d_k = {}", divisor)
                               : "z = S: not scaled";
  const std::string power = fmt::format("{}^z_ij", base);
  const std::string of_p =
      fmt::format("P_ij = {} / Σ_k {}^z_ik: softmax of each row", power, base);
  std::vector<AttentionStep> steps;
  const auto add = [&](const char* name, const char* title,
                       const std::string& formula, const Matrix<double>& matrix,
                       const ExactMatrix& fractions) {
    steps.push_back({name, title, formula, matrix.view(), Texts(fractions)});
  };
  add("X", "the tokens, one per row", "X", in.x, exact.x);
  add("W_q", "weights of the queries", "W_q", in.w_q, exact.w_q);
  add("W_k", "weights of the keys", "W_k", in.w_k, exact.w_k);
  add("W_v", "weights of the values", "W_v", in.w_v, exact.w_v);
  add("Q", "queries", "Q = X W_q", t.q, exact.q);
  add("K", "keys", "K = X W_k", t.k, exact.k);
  add("V", "values", "V = X W_v", t.v, exact.v);
  add("S", "scores, query times key", "S = Q Kᵀ", t.s, exact.s);
  add("S_scaled", "scaled scores", of_z, between->scaled, exact.z);
  add("E", "powers of the base", "E_ij = " + power, between->powers, exact.e);
  add("P", "attention weights", of_p, t.p, exact.p);
  add("O", "output", "O = P V", t.o, exact.o);
  return steps;
}

// A step: its formula and shape, then at most 8 rows and columns as decimals
// and, unless all are whole numbers, as fractions beside them.
std::string AttentionStepText(const AttentionStep& step) {
  const size_t rows = step.matrix.rows(), cols = step.matrix.cols();
  std::vector<std::string> decimals;
  for (size_t i = 0; i < step.matrix.size(); ++i) {
    decimals.push_back(fmt::format("{:.6g}", step.matrix.data()[i]));
  }
  const bool with_fractions = !step.exact.empty() && !AllWhole(step.exact);
  const size_t width = Widest(decimals), exact_width = Widest(step.exact);
  std::string text =
      fmt::format("{}    {} × {} ({})\n", step.formula, rows, cols, step.title);
  for (size_t i = 0; i < std::min(rows, kMostShown); ++i) {
    text += "  " + RowText(decimals, i, cols, width);
    if (with_fractions) {
      text += "    = " + RowText(step.exact, i, cols, exact_width);
    }
    text += "\n";
  }
  if (rows > kMostShown) text += "    …\n";
  return text + "\n";
}

// A matrix as a list of rows; its entries are in the order of `entries`.
template <class Entries>
Json RowsJson(const AttentionStep& step, const Entries& entries) {
  const auto cols = static_cast<std::ptrdiff_t>(step.matrix.cols());
  Json rows = Json::array();
  for (auto row = std::begin(entries); rows.size() < step.matrix.rows();
       row += cols) {
    rows.push_back(std::vector(row, row + cols));
  }
  return rows;
}

Json StepJson(const AttentionStep& step) {
  Json json = {{"name", step.name},
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
  Json json;
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
  const std::vector<uint64_t> run_ids = sweep.RunIds();
  const PlannedRuns planned = PlanOf(run_ids);
  const SweepTask<AttentionSpec, AttentionResult> task = {
      RunsOf(sweep, run_ids), RunAttentionSweep,
      [&](const std::vector<AttentionSpec>& runs,
          const std::vector<AttentionResult>& results, Hdf5Writer* writer) {
        WriteAttentionRuns(head.DescribeSweep(planned), runs, results, writer);
      },
      AttentionFileBytes(run_ids.size())};
  SweepSummary summary;
  summary.duplicates = sweep.duplicates;
  return RunTask(head, options, task, summary);
}

Json CheckJson(std::span<const TensorGradientCheck> checks) {
  Json json;
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

// One line per tensor.
std::string GradientCheckTable(std::span<const TensorGradientCheck> checks) {
  std::string text = fmt::format(
      "{:<6} {:>11}  {:>9}  {:<12} {:>13} {:>13} "
      "{:>9}\n",
      "tensor", "shape", "rel.error", "at", "analytic", "numeric", "allowed");
  for (const TensorGradientCheck& check : checks) {
    text += fmt::format(
        "{:<6} {:>11}  {:>9.2g}  {:<12} {:>13.6g} {:>13.6g} {:>9.2g}  {}\n",
        check.name, fmt::format("{}x{}", check.rows, check.cols),
        check.RelativeError(), fmt::format("({}, {})", check.row, check.col),
        check.analytic, check.numeric, check.bound, check.ok ? "ok" : "WRONG");
  }
  return text;
}

int CheckGradients(const Options& options, const ExperimentHead& head,
                   const AttentionSweep& sweep) {
  CheckOneRun(head, sweep.runs.size(), "--check takes");
  const AttentionSpec& run = sweep.runs[0];
  const AttentionInputs drawn =
      sweep.given ? AttentionInputs{} : DrawAttention(run);
  const AttentionInputs& in = sweep.given ? *sweep.given : drawn;
  const double losses = AttentionCheckLosses(in);
  if (losses * AttentionFlops(run) > kMostCheckFlops) {
    FailUsage(
        "{}: --check computes {:.2g} losses of {}, which takes too long; lower "
        "d_k, d_model or tokens",
        head.title, losses, run.Title());
  }
  const AttentionTensors t = AttentionForward(in, run.softmax);
  CheckFinite(t, head.title);
  const Matrix<double> r = DrawAttentionProbe(run.seed, t.o.rows(), t.o.cols());
  const std::vector<TensorGradientCheck> checks =
      CheckAttentionGradients(in, run.softmax, r.view(),
                              AttentionBackward(in, t, run.softmax, r.view()));
  const bool ok = std::ranges::all_of(checks, &TensorGradientCheck::ok);
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
      *head.sweep, [&](std::string_view key, const std::string& path) {
        head.files_read.push_back(DataFile(path, head.folder));
        return ReadMatrix(key, path, head.folder);
      });
  FitJobs([&](size_t jobs) { return AttentionSweepMemory(sweep.runs, jobs); },
          options, &head);
  CheckMemory(head, "the sweep", AttentionSweepMemory(sweep.runs, head.jobs),
              head.jobs, "d_k, d_model, tokens or jobs");
  if (options.check) return CheckGradients(options, head, sweep);
  if (sweep.given) {
    return WorkedExample(options, head, sweep.runs[0], *sweep.given);
  }
  return RunSweepOfAttention(options, head, sweep);
}

}  // namespace initscope
