#include "sim/scheduler.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/parallel.h"
#include "sim/engine.h"
#include "sim/statistics.h"

namespace initscope {
namespace {

constexpr double kBundleBytes = 512e6;

}  // namespace

std::vector<Bundle> MakeBundles(const std::vector<RunSpec>& runs, size_t jobs,
                                double bundle_bytes) {
  using Shared = std::tuple<uint64_t, UnitLaw, std::vector<size_t>, Precision>;
  std::map<Shared, size_t> index;
  std::vector<Bundle> groups;  // in the order of their first run
  for (size_t i = 0; i < runs.size(); ++i) {
    const RunSpec& run = runs[i];
    const Shared key(run.seed, run.init->law, run.widths, run.precision);
    const auto [it, fresh] = index.emplace(key, groups.size());
    if (fresh) groups.emplace_back();
    groups[it->second].push_back(i);
  }
  // Several bundles per job even out their different lengths.
  constexpr size_t kBundlesPerJob = 4;
  const size_t fair =
      std::max<size_t>(1, runs.size() / (kBundlesPerJob * jobs));
  std::vector<Bundle> bundles;
  for (const Bundle& group : groups) {
    double largest = 1;
    for (size_t i : group) largest = std::max(largest, RunMemory(runs[i]));
    const size_t fit =
        static_cast<size_t>(std::clamp(bundle_bytes / largest, 1.0, 1e9));
    const size_t step = std::min(fit, fair);
    for (size_t begin = 0; begin < group.size(); begin += step) {
      const size_t end = std::min(begin + step, group.size());
      bundles.emplace_back(group.begin() + static_cast<ptrdiff_t>(begin),
                           group.begin() + static_cast<ptrdiff_t>(end));
    }
  }
  return bundles;
}

double ResultMemory(const RunSpec& run) {
  // Once in the results, once more as the columns that are written, with the
  // keys that stand beside them.
  constexpr double kKeys = 16;
  const double columns = static_cast<double>(StatisticColumns().size());
  return static_cast<double>(run.depth() + 1) * 8 * (2 * columns + kKeys);
}

SweepCost EstimateCost(const std::vector<RunSpec>& runs, size_t jobs,
                       double input_bytes) {
  SweepCost cost;
  cost.memory = input_bytes;
  std::vector<double> bundle_memory;
  const std::vector<Bundle> bundles = MakeBundles(runs, jobs, kBundleBytes);
  cost.bundles = bundles.size();
  for (const Bundle& bundle : bundles) {
    double memory = BundleMemory(runs[bundle[0]], 0, 1);
    for (size_t i : bundle) memory += RunMemory(runs[i]);
    bundle_memory.push_back(memory);
    cost.draw_flops += DrawFlops(runs[bundle[0]]);
  }
  // The largest bundles that may run at the same time.
  std::sort(bundle_memory.rbegin(), bundle_memory.rend());
  for (size_t i = 0; i < std::min(jobs, bundle_memory.size()); ++i) {
    cost.memory += bundle_memory[i];
  }
  for (const RunSpec& run : runs) {
    cost.flops += RunFlops(run);
    cost.memory += ResultMemory(run);
  }
  return cost;
}

std::vector<RunResult> RunSweep(const std::vector<RunSpec>& runs,
                                const SweepOptions& options) {
  std::vector<RunResult> results(runs.size());
  const std::vector<Bundle> bundles =
      MakeBundles(runs, options.jobs, kBundleBytes);
  try {
    ParallelFor(bundles.size(), options.jobs, [&](size_t b) {
      std::vector<const RunSpec*> specs;
      std::vector<RunResult*> slots;
      for (size_t i : bundles[b]) {
        specs.push_back(&runs[i]);
        slots.push_back(&results[i]);
      }
      SimulateBundle(specs, {options.stop, nullptr}, slots);
      if (options.on_progress) options.on_progress(specs.size());
    });
  } catch (const Interrupted&) {
    // What is complete is kept; the caller sees which.
  }
  return results;
}

}  // namespace initscope
