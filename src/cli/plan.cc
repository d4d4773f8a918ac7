// initscope plan: what a run would do, and what it would cost.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/machine.h"
#include "cli/commands.h"
#include "cli/experiment.h"
#include "cli/input_text.h"
#include "cli/json_text.h"
#include "cli/units.h"
#include "spec/run_id.h"
#include "sweep/rates.h"

namespace initscope {
namespace {

// The CPU time until now: reading data and resolving runs, as `run` does, too.
double SecondsUpToNow() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

void PrintRuns(const RunList& runs) {
  constexpr size_t kMost = 20;
  fmt::print("{:<16} {:<12} {:<24} {:>6} {:>6}  {}\n", "run_id", "activation",
             "init", "gain", "seed", "shape");
  for (size_t i = 0; i < std::min(kMost, runs.size()); ++i) {
    const RunSpec run = runs[i];
    std::string shape = run.Shape();
    if (shape.size() > 40) {
      shape = fmt::format("{}x…x{} (depth {})", run.inputs(), run.outputs(),
                          run.depth());
    }
    fmt::print("{:<16} {:<12} {:<24} {:>6.4g} {:>6}  {}\n",
               RunIdHex(run.run_id), run.activation->name, run.init->name,
               run.gain, run.seed, shape);
  }
  if (runs.size() > kMost) {
    fmt::print("… and {} more (--json lists all)\n", runs.size() - kMost);
  }
}

// What a sweep would do, and what it would cost.
struct Plan {
  const Experiment& experiment;
  double reading;  // seconds spent on data and settings
  SweepWork work;
  Rates rates;
  ExpectedTime time;
  double flops;
  MemoryLimit limit;
  std::string output;
};

SweepWork WorkOf(const Experiment& experiment) {
  SweepWork work;
  RunBlock<RunSpec> block;
  const size_t runs = experiment.runs.size();
  for (size_t i = 0; i < runs; ++i) {
    block.Add(experiment.runs[i]);
    if (i + 1 < runs && !block.is_full()) continue;
    work.Add(CountWork(block.runs(), experiment.jobs, experiment.theory));
    block.Clear();
  }
  return work;
}

// Runs from all parts of a sweep; all of them, if there are not many.
std::vector<RunSpec> SomeRuns(const RunList& runs) {
  const size_t count = std::min<size_t>(runs.size(), 1000);
  std::vector<RunSpec> some;
  for (size_t i = 0; i < count; ++i) {
    some.push_back(runs[i * runs.size() / count]);
  }
  return some;
}

Plan MakePlan(const Experiment& experiment) {
  const double reading = SecondsUpToNow();
  const SweepWork work = WorkOf(experiment);
  const Rates rates(SomeRuns(experiment.runs), work.total);
  ExpectedTime time = rates.Expect(work, experiment.jobs);
  time.cpu += reading;
  time.wall += reading;
  return {experiment,
          reading,
          work,
          rates,
          time,
          experiment.flops(),
          experiment.memory_limit,
          OutputPath(experiment, "")};
}

nlohmann::ordered_json PlanJson(const Plan& plan) {
  const Experiment& experiment = plan.experiment;
  nlohmann::ordered_json json = {
      {"name", experiment.name},
      {"runs", experiment.runs.size()},
      {"duplicates_dropped", experiment.runs.duplicates()},
      {"swept", experiment.sweep->swept},
      {"bundles", plan.work.bundles},
      {"jobs", experiment.jobs},
      {"flop", plan.flops},
      {"memory_bytes", experiment.memory.total},
      {"memory_bytes_per_job", experiment.memory.per_job},
      {"machine_bytes", plan.limit.bytes},
      {"memory_limit", plan.limit.source},
      {"expected_seconds", plan.time.wall},
      {"expected_cpu_seconds", plan.time.cpu},
      {"output", plan.output},
      {"inputs", InputJson(experiment)}};
  json["parts"]["reading"] = {{"seconds", plan.reading}};
  for (size_t i = 0; i < kPartCount; ++i) {
    const Part part = static_cast<Part>(i);
    if (plan.work.total[part] == 0) continue;
    json["parts"][std::string(kParts[i].name)] = {
        {"unit", kParts[i].unit},
        {"count", plan.work.total[part]},
        {"seconds", plan.rates.Seconds(plan.work.total, part)}};
  }
  for (size_t i = 0; i < experiment.runs.size(); ++i) {
    const RunSpec run = experiment.runs[i];
    json["run"].push_back({{"run_id", RunIdHex(run.run_id)},
                           {"configuration", CanonicalRun(run)}});
  }
  return json;
}

void PrintPlan(const Plan& plan) {
  const Experiment& experiment = plan.experiment;
  PrintRuns(experiment.runs);
  fmt::print("\n{}", InputText(experiment));
  fmt::print("runs      {}", experiment.runs.size());
  if (!experiment.sweep->swept.empty()) {
    fmt::print(" over {}", fmt::join(experiment.sweep->swept, ", "));
  }
  if (experiment.runs.duplicates() > 0) {
    fmt::print(" ({} duplicates dropped)", experiment.runs.duplicates());
  }
  fmt::print(
      "\nwork      {:.3g} GFLOP run by run, in {} bundles (runs that share "
      "their random weights)\n",
      plan.flops / 1e9, plan.work.bundles);
  fmt::print("memory    {} with {} jobs, {} for each additional job; {}\n",
             BytesText(experiment.memory.total), experiment.jobs,
             BytesText(experiment.memory.per_job), LimitText(plan.limit));
  const double rate = plan.rates.ProductRate();
  fmt::print(
      "time      about {}, {} of CPU time, as measured now{}\n",
      SecondsText(plan.time.wall), SecondsText(plan.time.cpu),
      rate > 0 ? fmt::format(" (products: {:.3g} GFLOP/s per core)", rate / 1e9)
               : "");
  fmt::print("output    {}\n", plan.output);
}

}  // namespace

int PlanCommand(const Options& options) {
  const Experiment experiment = LoadExperiment(options);
  const Plan plan = MakePlan(experiment);
  if (options.json) {
    fmt::print("{}", JsonText(PlanJson(plan)));
  } else {
    PrintPlan(plan);
  }
  return 0;
}

}  // namespace initscope
