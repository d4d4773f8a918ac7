// From a run's settings, as text, to the run: names looked up, defaults filled
// in, contradictions refused.
#pragma once

#include <functional>
#include <vector>

#include "spec/input_catalog.h"
#include "spec/run_spec.h"
#include "spec/settings.h"
#include "spec/sweep.h"

namespace initscope {

// The initializer that `init` names, by name or alias; by default
// xavier_normal.
const Initializer* FindInitializer(const Settings& settings);

// Throws UserError: kUsage for a value that makes no sense, naming where it
// stands; kData for data that cannot be read.
// A run that says nothing of `steps` has `default_steps`.
RunSpec ResolveRun(const SweepPoint& point, InputCatalog* catalog,
                   uint64_t default_steps = 0);

struct ResolvedSweep {
  std::vector<RunSpec> runs;
  size_t duplicates = 0;  // dropped, by run_id
};
// Calls `on_run` with every run that is not a duplicate as it comes; it may
// throw.
ResolvedSweep ResolveSweep(
    const Sweep& sweep, InputCatalog* catalog, uint64_t default_steps = 0,
    const std::function<void(const RunSpec& run)>& on_run = {});

}  // namespace initscope
