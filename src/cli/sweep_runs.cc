#include "cli/sweep_runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "attention/attention_sweep.h"
#include "cli/json_text.h"
#include "cli/say.h"
#include "io/publish.h"
#include "sweep/scheduler.h"

namespace initscope {

SweepRuns<RunSpec> RunsOf(const Experiment& experiment,
                          std::string_view command) {
  return {experiment.runs.run_ids(),
          [&](size_t i) { return experiment.runs[i]; },
          [&](size_t i) { return experiment.run_flops[i]; },
          [&](size_t i) { return experiment.run_seconds[i]; },
          command == "train" ? GroupTrainedRuns : GroupRunsOfShards};
}

SweepRuns<AttentionSpec> RunsOf(const AttentionSweep& sweep,
                                const std::vector<uint64_t>& run_ids) {
  return {run_ids, [&](size_t i) { return sweep.runs[i]; },
          [&](size_t i) { return AttentionFlops(sweep.runs[i]); },
          [&](size_t i) { return AttentionFlops(sweep.runs[i]); },
          GroupAttention};
}

AttentionSweep ResolveDrawnAttention(const ExperimentHead& head) {
  return ResolveAttention(
      *head.sweep,
      [&](std::string_view key, const std::string&) -> Matrix<double> {
        FailUsage("{}: {} is read from a file; that is no sweep", head.title,
                  key);
      });
}

std::string CommandOf(const ResultsStore& store) {
  const std::string line = store.RootText("command_line");
  for (const char* const command : {"train", "attention"}) {
    if (line.starts_with(fmt::format("initscope {} ", command))) return command;
  }
  return "run";
}

Options WithKeysOfSweep(Options options) {
  options.keys = SetsAttention(options) ? kAttention : kNetworks;
  return options;
}

int EndComplete(const Options& options, const std::string& path, size_t runs) {
  if (options.json) {
    fmt::print("{}", JsonText({{"output", path}, {"runs", runs}}));
  } else if (!options.quiet) {
    Say("all {} runs are in {} already\n", runs, path);
  }
  return static_cast<int>(ExitCode::kSuccess);
}

RunCounts CountRuns(const std::vector<uint64_t>& run_ids,
                    const ResultsStore& store) {
  RunCounts counts;
  for (const uint64_t run_id : run_ids) counts.Add(store.StatusOf(run_id));
  return counts;
}

bool HasAll(const std::filesystem::path& file,
            const std::vector<uint64_t>& run_ids) {
  std::error_code error;
  if (!std::filesystem::exists(file, error)) return false;
  const std::vector<uint64_t> there = ReadRunIds(file);
  const std::unordered_set<uint64_t> set(there.begin(), there.end());
  return std::ranges::all_of(
      run_ids, [&](uint64_t run_id) { return set.contains(run_id); });
}

void MergeStore(const ExperimentHead& head,
                const std::vector<uint64_t>& run_ids, ResultsStore* store,
                OutputFile* output) {
  Publish(output, [&](Hdf5Writer* writer) {
    WriteRoot(head.DescribeSweep(PlanOf(run_ids)), writer);
    store->Merge(run_ids, writer);
  });
  store->Remove(run_ids);
}

}  // namespace initscope
