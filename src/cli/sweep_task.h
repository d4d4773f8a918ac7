// Computes a sweep, with results that survive: those of finished runs are kept
// in a store (io/results_store.h), from which the same command goes on.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/machine.h"
#include "cli/ending.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "cli/sweep_runs.h"
#include "io/store_sink.h"
#include "sweep/job_runner.h"
#include "sweep/run_block.h"

namespace initscope {

// What is said of a sweep at its end.
struct SweepSummary {
  size_t runs = 0, duplicates = 0;
  double flops = 0;  // useful ones, of all runs; 0: the summary has no rate
  // Printed by --json after the number of runs and the time.
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  size_t reused = 0;  // runs that this process did not compute
  RunCounts counts = {};
};

template <typename Spec, typename Result>
struct SweepTask {
  SweepRuns<Spec> sweep;
  // RunSweep or one like it.
  void (*compute)(const std::vector<Spec>& runs, const SweepOptions& options,
                  ResultSink<Result>* sink);
  typename StoreSink<Spec, Result>::Write write;
  double file_bytes;              // of all results, before any compression
  std::string announcement = {};  // printed before the runs begin
};

// What became of the finished runs of an interrupted sweep: "; …".
std::string KeptText(const ResultsStore& store);

// Takes the runs of an existing file, all of which must be among `run_ids`.
// Throws UserError (kUsage) if one is not.
void IncludeOutput(const std::filesystem::path& file,
                   const std::vector<uint64_t>& run_ids, ResultsStore* store);

// Whether the sweep is in its file already, for a shard that begins late, or
// because a process was killed after it had written that. Then nothing is left
// in the store.
bool IsPublished(const ExperimentHead& head, const Options& options,
                 const std::vector<uint64_t>& run_ids);

// The places among `run_ids` of the runs that are to be computed, by what the
// store says of them. `shards` has the shard of each run; empty: all are of the
// first.
std::vector<size_t> RunsLeft(const std::vector<uint64_t>& run_ids,
                             const std::vector<uint16_t>& shards,
                             const ResultsStore& store, const Options& options);

// Throws UserError (kCannotCreate) if the file system of `output` has no room
// for parts of so many bytes; says so if it may lack room for the file, too.
void CheckRoom(const std::filesystem::path& output, double part_bytes,
               double file_bytes, const Options& options);

// Says how many runs are reused, what else is in the store, and why.
void SayReused(const ResultsStore& store, const ExperimentHead& head,
               const std::vector<uint64_t>& run_ids, size_t left,
               const Options& options);

// Says that a run failed. Throws UserError (kCheckFailed) with --fail-fast.
void SayFailed(const std::string& error, const Options& options);

// Reports the file that was written and how the runs ended. Returns the exit
// code.
int EndSweep(const Options& options, const OutputFile& output, double seconds,
             const SweepSummary& summary);

// Reports what a shard computed, and `rest`: what is to be known of the others.
// Returns the exit code.
int EndShard(const Options& options, const ResultsStore& store, double seconds,
             const std::string& rest, const SweepSummary& summary);

// What a shard says that does not write the file: others are at work, or one
// has written it, or runs are missing.
std::string RestText(const ResultsStore& store, bool is_last,
                     const std::vector<uint64_t>& run_ids);

// Computes the runs `left` of the task, block by block, until one is
// interrupted.
template <typename Spec, typename Result>
void ComputeBlocks(const SweepTask<Spec, Result>& task,
                   const std::vector<size_t>& left, const SweepOptions& options,
                   StoreSink<Spec, Result>* sink) {
  RunBlock<Spec> block;
  for (size_t i = 0; i < left.size() && sink->taken() == i;) {
    const size_t begin = i;
    block.Clear();
    while (i < left.size() && !block.is_full())
      block.Add(task.sweep.run(left[i++]));
    sink->Begin(block.runs(), begin);
    task.compute(block.runs(), options, sink);
  }
}

// Opens the output and its store, computes the runs that are not there yet,
// writes them all and reports the file. A shard computes its own runs, and
// leaves the file to the last of them. Returns the exit code.
template <typename Spec, typename Result>
int RunTask(const ExperimentHead& head, const Options& options,
            const SweepTask<Spec, Result>& task, SweepSummary summary) {
  const InterruptFlag interrupt;
  const std::vector<uint64_t>& run_ids = task.sweep.run_ids;
  const bool is_shard = options.shard.count > 1;
  summary.runs = run_ids.size();
  if (IsPublished(head, options, run_ids)) {
    return EndComplete(options, OutputPath(head, ""), run_ids.size());
  }
  Options overwrite = options;
  overwrite.force |= options.extend;
  OutputFile output = MakeOutput(head, overwrite, "");
  ResultsStore store(output.path(),
                     options.no_lock ? ResultsStore::Access::kUnlocked
                                     : ResultsStore::Access::kLocked,
                     options.shard);
  if (options.extend) IncludeOutput(output.path(), run_ids, &store);
  const std::vector<uint16_t> shards =
      is_shard ? ShardsOf(task.sweep, options.shard.count)
               : std::vector<uint16_t>();
  const std::vector<size_t> left = RunsLeft(run_ids, shards, store, options);
  summary.reused = run_ids.size() - left.size();
  CheckRoom(output.path(),
            task.file_bytes * static_cast<double>(left.size()) /
                static_cast<double>(std::max<size_t>(1, run_ids.size())),
            is_shard ? 0 : task.file_bytes, options);
  SayReused(store, head, run_ids, left.size(), options);
  if (!options.quiet) Say("{}", task.announcement);
  double cost = 0;
  for (const size_t i : left) cost += task.sweep.cost(i);
  const auto work_of = [&](size_t place, double share) {
    return ProgressWork{share * task.sweep.cost(left[place]),
                        share * task.sweep.flops(left[place])};
  };
  std::optional<Progress> progress(std::in_place, left.size(), cost,
                                   !options.quiet);
  StoreSink<Spec, Result> sink(
      left.size(), task.write, &store,
      [&](size_t place, const Result& result) {
        summary.counts.Add(result.status());
        if (!result.error.empty()) {
          const auto cleared = progress->Clear();
          SayFailed(result.error, options);
        }
        progress->Advance(place, work_of(place, 1));
      },
      [&](size_t place, const Spec& run, double share) {
        progress->Underway(place, work_of(place, share), run.Title());
      });
  try {
    ComputeBlocks(task, left, {head.jobs, &interrupt.raised(), head.theory},
                  &sink);
  } catch (const OutputError&) {
    throw;  // of the store, which holds what it can
  } catch (...) {
    sink.Commit();
    throw;
  }
  progress.reset();
  if (sink.taken() < left.size()) {
    sink.Commit();
    const size_t before = is_shard ? 0 : summary.reused;
    return EndInterrupted(interrupt, before + sink.taken(),
                          before + left.size(), KeptText(store));
  }
  const double seconds = head.watch.Seconds();
  ReturnFreeTensors();
  if (store.runs().empty() && !is_shard) {
    Publish(
        &output, [&](Hdf5Writer* writer) { sink.WriteAll(writer); },
        ResultsOf(task.file_bytes));
    return EndSweep(options, output, seconds, summary);
  }
  ReturnFreeMemory();
  sink.Commit();
  const bool is_last = !is_shard || store.TakeOver();
  const RunCounts counts = CountRuns(run_ids, store);
  if (!is_last || counts.missing > 0) {
    return EndShard(options, store, seconds, RestText(store, is_last, run_ids),
                    summary);
  }
  summary.counts = counts;
  MergeStore(head, run_ids, &store, &output);
  return EndSweep(options, output, seconds, summary);
}

}  // namespace initscope
