// Computes a sweep, with results that survive: those of finished runs are kept
// in a store (io/results_store.h), from which the same command goes on.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/ending.h"
#include "cli/progress.h"
#include "cli/say.h"
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
  size_t reused = 0;  // runs that were finished before
  std::array<size_t, kRunStatusNames.size()> counts = {};  // by RunStatus
};

template <typename Spec, typename Result>
struct SweepTask {
  const std::vector<uint64_t>& run_ids;
  std::function<Spec(size_t)> run;      // by its place among them
  std::function<double(size_t)> flops;  // of that run's matrix products
  // RunSweep or one like it.
  void (*compute)(const std::vector<Spec>& runs, const SweepOptions& options,
                  ResultSink<Result>* sink);
  typename StoreSink<Spec, Result>::Write write;
  std::string announcement = {};  // printed before the runs begin
};

// What became of the finished runs of an interrupted sweep: "; …".
std::string KeptText(const ResultsStore& store);

// Takes the runs of an existing file, all of which must be among `run_ids`.
// Throws UserError (kUsage) if one is not.
void IncludeOutput(const std::filesystem::path& file,
                   const std::vector<uint64_t>& run_ids, ResultsStore* store);

// The places among `run_ids` of the runs that are to be computed, by what the
// store says of them. Counts the others in `summary`.
std::vector<size_t> RunsLeft(const std::vector<uint64_t>& run_ids,
                             const ResultsStore& store, const Options& options,
                             SweepSummary* summary);

// Says how many runs are reused, and what else is in the store.
void SayReused(const ResultsStore& store, const std::vector<uint64_t>& run_ids,
               size_t left, const Options& options);

// Says that a run failed. Throws UserError (kCheckFailed) with --fail-fast.
void SayFailed(const std::string& error, const Options& options);

// Reports the file that was written and how the runs ended. Returns the exit
// code.
int EndSweep(const Options& options, const OutputFile& output, double seconds,
             const SweepSummary& summary);

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
    while (i < left.size() && !block.is_full()) block.Add(task.run(left[i++]));
    sink->Begin(block.runs(), begin);
    task.compute(block.runs(), options, sink);
  }
}

// Opens the output and its store, computes the runs that are not there yet,
// writes them all and reports the file. Returns the exit code.
template <typename Spec, typename Result>
int RunTask(const ExperimentHead& head, const Options& options,
            const SweepTask<Spec, Result>& task, SweepSummary summary) {
  const InterruptFlag interrupt;
  const std::vector<uint64_t>& run_ids = task.run_ids;
  summary.runs = run_ids.size();
  Options overwrite = options;
  overwrite.force |= options.extend;
  OutputFile output = MakeOutput(head, overwrite, "");
  ResultsStore store(output.path(), options.no_lock
                                        ? ResultsStore::Access::kUnlocked
                                        : ResultsStore::Access::kLocked);
  if (options.extend) IncludeOutput(output.path(), run_ids, &store);
  const std::vector<size_t> left = RunsLeft(run_ids, store, options, &summary);
  SayReused(store, run_ids, left.size(), options);
  if (!options.quiet) Say("{}", task.announcement);
  double flops = 0;
  for (const size_t i : left) flops += task.flops(i);
  std::optional<Progress> progress(std::in_place, left.size(), flops,
                                   !options.quiet);
  StoreSink<Spec, Result> sink(task.write, &store,
                               [&](size_t place, const Result& result) {
                                 if (!result.error.empty()) {
                                   const auto cleared = progress->Clear();
                                   SayFailed(result.error, options);
                                 }
                                 progress->Advance(task.flops(left[place]));
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
    return EndInterrupted(interrupt, summary.reused + sink.taken(),
                          run_ids.size(), KeptText(store));
  }
  for (size_t i = 0; i < summary.counts.size(); ++i) {
    summary.counts[i] += sink.count(static_cast<RunStatus>(i));
  }
  const double seconds = head.watch.Seconds();
  if (store.runs().empty()) {
    Publish(&output, [&](Hdf5Writer* writer) { sink.WriteAll(writer); });
  } else {
    sink.Commit();
    Publish(&output, [&](Hdf5Writer* writer) {
      WriteRoot(head.DescribeSweep(run_ids), writer);
      store.Merge(run_ids, writer);
    });
    store.Remove(run_ids);
  }
  return EndSweep(options, output, seconds, summary);
}

}  // namespace initscope
