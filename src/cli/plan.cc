// initscope plan: what a run would do, and what it would cost.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>

#include "base/machine.h"
#include "cli/commands.h"
#include "cli/experiment.h"
#include "cli/input_text.h"
#include "cli/json_text.h"
#include "cli/units.h"
#include "linalg/matrix_product.h"
#include "nn/unit_weights.h"
#include "sim/keys.h"
#include "sim/run_id.h"

namespace initscope {
namespace {

// The rate of one core at `product`, which does so many flop, in flop/s.
double MeasureRate(double flops, const std::function<void()>& product) {
  double best = 0;
  const auto begin = std::chrono::steady_clock::now();
  std::chrono::duration<double> spent{};
  do {
    const auto start = std::chrono::steady_clock::now();
    product();
    const std::chrono::duration<double> once =
        std::chrono::steady_clock::now() - start;
    best = std::max(best, flops / std::max(once.count(), 1e-9));
    spent = std::chrono::steady_clock::now() - begin;
  } while (spent.count() < 0.05);
  return best;
}

size_t Widest(const RunSpec& run, size_t most) {
  return std::min(most,
                  *std::max_element(run.widths.begin(), run.widths.end()));
}

// At a product like the sweep's.
double PassRate(const RunSpec& run) {
  const size_t m = std::min<size_t>(run.batch, 256);
  const size_t n = Widest(run, 1024);
  PackedBatch<float> x, z;
  x.Resize(m, n);
  z.Resize(m, n);
  for (size_t p = 0; p < x.panels(); ++p) {
    std::fill(x.panel(p), x.unit(p, n), 0.5f);
  }
  const Operand<float> operand = {&x, &z};
  UnitWeights<float> weights(UnitLaw::kUniform, 0, 0, n, n, true);
  weights.Forward({&operand, 1}, 1);  // draws them
  const double rate = MeasureRate(2.0 * static_cast<double>(m * n * n), [&] {
    weights.Forward({&operand, 1}, 1);
  });
  return run.precision == Precision::kFloat32 ? rate : rate / 2;
}

// At the products of Jacobians, in double.
double JacobianRate(const RunSpec& run) {
  const size_t n = Widest(run, 256);
  Matrix<double> a(n, n);
  std::fill_n(a.data(), a.size(), 0.5);
  return MeasureRate(2.0 * static_cast<double>(n * n * n),
                     [&] { Product(a.view(), a.view()); });
}

// What drawing and statistics add to the products, roughly.
constexpr double kOverhead = 1.4;
constexpr double kSecondsPerRun = 2e-4;
constexpr double kSecondsPerRunLayer = 1e-5;

void PrintRuns(const std::vector<RunSpec>& runs) {
  constexpr size_t kMost = 20;
  fmt::print("{:<16} {:<12} {:<24} {:>6} {:>6}  {}\n", "run_id", "activation",
             "init", "gain", "seed", "shape");
  for (size_t i = 0; i < std::min(kMost, runs.size()); ++i) {
    const RunSpec& run = runs[i];
    std::string shape = run.Shape();
    if (shape.size() > 40) {
      shape = fmt::format("{}x…x{} (depth {})", run.widths[0],
                          run.widths.back(), run.depth());
    }
    fmt::print("{:<16} {:<12} {:<24} {:>6.4g} {:>6}  {}\n",
               RunIdHex(run.run_id), run.activation->name, run.init->name,
               run.gain, run.seed, shape);
  }
  if (runs.size() > kMost) {
    fmt::print("… and {} more (--json lists all)\n", runs.size() - kMost);
  }
}

}  // namespace

int PlanCommand(const Options& options) {
  const Experiment experiment = LoadExperiment(options);
  const SweepCost& cost = experiment.cost;
  const double rate = PassRate(experiment.runs[0]);
  const double jobs = static_cast<double>(experiment.jobs);
  double layers = 0;
  for (const RunSpec& run : experiment.runs) {
    layers += static_cast<double>(run.depth() + 1);
  }
  double busy = (cost.flops + cost.draw_flops) / rate;
  if (cost.jacobian_flops > 0) {
    busy += cost.jacobian_flops / JacobianRate(experiment.runs[0]);
  }
  const double seconds =
      (busy * kOverhead +
       kSecondsPerRun * static_cast<double>(experiment.runs.size()) +
       kSecondsPerRunLayer * layers) /
      jobs;
  const std::string output = experiment.output.empty()
                                 ? "results/" + experiment.name + ".h5"
                                 : experiment.output;
  if (options.json) {
    nlohmann::ordered_json json = {
        {"name", experiment.name},
        {"runs", experiment.runs.size()},
        {"duplicates_dropped", experiment.duplicates},
        {"swept", experiment.swept},
        {"bundles", cost.bundles},
        {"jobs", experiment.jobs},
        {"flop", cost.flops},
        {"memory_bytes", cost.memory},
        {"memory_bytes_per_job", cost.memory_per_job},
        {"machine_bytes", MachineMemory()},
        {"expected_seconds", seconds},
        {"output", output},
        {"inputs", InputJson(experiment)}};
    for (const RunSpec& run : experiment.runs) {
      json["run"].push_back({{"run_id", RunIdHex(run.run_id)},
                             {"configuration", CanonicalRun(run)}});
    }
    fmt::print("{}", JsonText(json));
    return 0;
  }
  PrintRuns(experiment.runs);
  fmt::print("\n{}", InputText(experiment));
  fmt::print("runs      {}", experiment.runs.size());
  if (!experiment.swept.empty()) {
    fmt::print(" over {}", fmt::join(experiment.swept, ", "));
  }
  if (experiment.duplicates > 0) {
    fmt::print(" ({} duplicates dropped)", experiment.duplicates);
  }
  fmt::print(
      "\nwork      {:.3g} GFLOP run by run, in {} bundles (runs that share "
      "their random weights)\n",
      cost.flops / 1e9, cost.bundles);
  fmt::print("memory    {} of {} with {} jobs; {} for each job more\n",
             BytesText(cost.memory), BytesText(MachineMemory()),
             experiment.jobs, BytesText(cost.memory_per_job));
  fmt::print("time      about {} at the {:.3g} GFLOP/s per core measured now\n",
             SecondsText(seconds), rate / 1e9);
  fmt::print("output    {}\n", output);
  return 0;
}

}  // namespace initscope
