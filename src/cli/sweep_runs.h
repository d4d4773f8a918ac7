// The runs of a sweep, for what spreads, computes, merges or counts them.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "attention/resolve_attention.h"
#include "cli/experiment.h"
#include "engine/run_status.h"
#include "io/results_store.h"
#include "sweep/run_block.h"
#include "sweep/shard.h"

namespace initscope {

template <typename Spec>
struct SweepRuns {
  const std::vector<uint64_t>& run_ids;
  std::function<Spec(size_t)> run;      // by its place among them
  std::function<double(size_t)> flops;  // of that run's matrix products
  std::function<double(size_t)> cost;   // in any unit: shares of the time
  // The runs that are best computed together, for so many shards.
  std::vector<CostedRuns> (*groups)(const std::vector<Spec>& runs,
                                    size_t shards);
};

// Of a sweep that `run` or `train` computes.
SweepRuns<RunSpec> RunsOf(const Experiment& experiment,
                          std::string_view command);
SweepRuns<AttentionSpec> RunsOf(const AttentionSweep& sweep,
                                const std::vector<uint64_t>& run_ids);

// Throws UserError (kUsage) if matrices come from files.
AttentionSweep ResolveDrawnAttention(const ExperimentHead& head);
// What computed the runs of the store: "train", "attention" or, if there are
// none, "run".
std::string CommandOf(const ResultsStore& store);

// `options` for the commands whose keys the file or the flags set: attention,
// or run and train.
Options WithKeysOfSweep(Options options);

// Calls use(head, sweep) with the sweep of `options` (WithKeysOfSweep), of the
// command whose runs are in `store`. Returns what that returns.
template <typename Use>
auto WithSweep(const Options& options, const ResultsStore& store, Use use) {
  if (options.keys == kAttention) {
    const ExperimentHead head = LoadExperimentHead(options);
    const AttentionSweep sweep = ResolveDrawnAttention(head);
    const std::vector<uint64_t> run_ids = sweep.RunIds();
    return use(head, RunsOf(sweep, run_ids));
  }
  const std::string command = CommandOf(store);
  const Experiment experiment = LoadSweepOf(options, command);
  return use(experiment, RunsOf(experiment, command));
}

// The shard of each run.
template <typename Spec>
std::vector<uint16_t> ShardsOf(const SweepRuns<Spec>& sweep, size_t shards) {
  const size_t runs = sweep.run_ids.size();
  ShardedRuns sharded(runs, shards);
  RunBlock<Spec> block;
  for (size_t i = 0; i < runs; ++i) {
    block.Add(sweep.run(i));
    if (i + 1 < runs && !block.is_full()) continue;
    sharded.Add(i + 1 - block.runs().size(),
                sweep.groups(block.runs(), shards));
    block.Clear();
  }
  return sharded.Release();
}

// Runs of a sweep by how they ended.
struct RunCounts {
  void Add(const std::optional<RunStatus>& status) {
    ++(status ? by_status[static_cast<size_t>(*status)] : missing);
  }
  size_t finished() const { return by_status[0] + by_status[1] + by_status[2]; }
  size_t operator[](RunStatus status) const {
    return by_status[static_cast<size_t>(status)];
  }

  std::array<size_t, kRunStatusNames.size()> by_status = {};
  size_t missing = 0;
};
RunCounts CountRuns(const std::vector<uint64_t>& run_ids,
                    const ResultsStore& store);

// Says that all runs of a sweep are in its file. Returns the exit code.
int EndComplete(const Options& options, const std::string& path, size_t runs);

// Whether the file exists and has all of these runs.
bool HasAll(const std::filesystem::path& file,
            const std::vector<uint64_t>& run_ids);

// Writes the runs of the store into `output`, and removes them from the store.
// REQUIRES: all of them are in the store, which no other process has.
void MergeStore(const ExperimentHead& head,
                const std::vector<uint64_t>& run_ids, ResultsStore* store,
                OutputFile* output);

}  // namespace initscope
