// Turns the settings of a run, which are text, into a RunSpec: looks up names,
// fills in defaults and refuses contradictions.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
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

// The runs of a sweep in its order, without those that have the run_id of one
// before. Each is resolved again when it is asked for, so that a million take
// no more memory than their ids.
class RunList {
 public:
  RunList() = default;
  // Calls `on_run` with each run, once; it may throw. Keeps what it is given.
  // Throws as ResolveRun().
  RunList(std::shared_ptr<const Sweep> sweep,
          std::shared_ptr<InputCatalog> catalog, uint64_t default_steps,
          const std::function<void(const RunSpec& run)>& on_run = {});

  size_t size() const { return run_ids_.size(); }
  const std::vector<uint64_t>& run_ids() const { return run_ids_; }
  // The number of runs that were dropped.
  size_t duplicates() const { return sweep_ ? sweep_->size() - size() : 0; }
  // By one thread at a time.
  RunSpec operator[](size_t run) const;
  std::vector<RunSpec> All() const;

 private:
  std::shared_ptr<const Sweep> sweep_;
  std::shared_ptr<InputCatalog> catalog_;
  uint64_t default_steps_ = 0;
  std::vector<uint64_t> run_ids_;
  std::vector<uint32_t> points_;  // of the runs; empty: run i is point i
};

}  // namespace initscope
