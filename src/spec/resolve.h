// Turns the settings of a run, which are text, into a RunSpec: looks up names,
// fills in defaults and refuses contradictions.
#pragma once

#include <functional>
#include <vector>

#include "spec/input_catalog.h"
#include "spec/run_spec.h"
#include "spec/sweep.h"

namespace initscope {

// `default_steps` is for runs without a setting of `steps`. Throws UserError:
// kUsage for a value that makes no sense, with its file and line; kData for
// data that cannot be read.
RunSpec ResolveRun(const SweepPoint& point, InputCatalog* catalog,
                   uint64_t default_steps = 0);

struct ResolvedSweep {
  std::vector<RunSpec> runs;
  size_t duplicates = 0;  // runs dropped for having the run_id of another
};
// Calls `on_run` with each run as it is resolved, except for duplicates; it may
// throw.
ResolvedSweep ResolveSweep(
    const Sweep& sweep, InputCatalog* catalog, uint64_t default_steps = 0,
    const std::function<void(const RunSpec& run)>& on_run = {});

}  // namespace initscope
