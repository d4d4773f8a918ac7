// Computes a sweep, with results that survive: those of finished runs are kept
// in a store (io/results_store.h), from which the same command goes on.
#pragma once

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <iterator>
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
  const std::vector<Spec>& runs;
  // RunSweep or one like it.
  void (*compute)(const std::vector<Spec>& runs, const SweepOptions& options,
                  ResultSink<Result>* sink);
  typename StoreSink<Spec, Result>::Write write;
  std::string announcement = {};  // printed before the runs begin
};

// How the results of a sweep with these runs came about.
template <typename Spec>
Provenance DescribeSweep(const ExperimentHead& head,
                         const std::vector<Spec>& runs) {
  Provenance provenance = head.Describe();
  for (const Spec& run : runs) provenance.planned.push_back(run.run_id);
  return provenance;
}

// What became of the finished runs of an interrupted sweep: "; …".
std::string KeptText(const ResultsStore& store);

// Takes the runs of an existing file, all of which must be among `run_ids`.
// Throws UserError (kUsage) if one is not.
void IncludeOutput(const std::filesystem::path& file,
                   const std::vector<uint64_t>& run_ids, ResultsStore* store);

// Whether a run is to be computed, by what the store says of it.
bool IsLeft(const ResultsStore& store, uint64_t run_id, const Options& options);

// Says how many runs are reused, and what else is in the store.
void SayReused(const ResultsStore& store, const std::vector<uint64_t>& run_ids,
               size_t left, const Options& options);

// Says that a run failed. Throws UserError (kCheckFailed) with --fail-fast.
void SayFailed(const std::string& error, const Options& options);

// Reports the file that was written and how the runs ended. Returns the exit
// code.
int EndSweep(const Options& options, const OutputFile& output, double seconds,
             const SweepSummary& summary);

// Opens the output and its store, computes the runs that are not there yet,
// writes them all and reports the file. Returns the exit code.
template <typename Spec, typename Result>
int RunTask(const ExperimentHead& head, const Options& options,
            const SweepTask<Spec, Result>& task, SweepSummary summary) {
  const InterruptFlag interrupt;
  summary.runs = task.runs.size();
  std::vector<uint64_t> run_ids;
  for (const Spec& run : task.runs) run_ids.push_back(run.run_id);
  Options overwrite = options;
  overwrite.force |= options.extend;
  OutputFile output = MakeOutput(head, overwrite, "");
  ResultsStore store(output.path(), options.no_lock
                                        ? ResultsStore::Access::kUnlocked
                                        : ResultsStore::Access::kLocked);
  if (options.extend) IncludeOutput(output.path(), run_ids, &store);
  std::vector<Spec> some;
  for (const Spec& run : task.runs) {
    if (store.runs().empty() || IsLeft(store, run.run_id, options)) continue;
    ++summary.reused;
    ++summary.counts[static_cast<size_t>(store.runs().at(run.run_id).status)];
  }
  if (summary.reused > 0) {
    std::ranges::copy_if(
        task.runs, std::back_inserter(some),
        [&](const Spec& run) { return IsLeft(store, run.run_id, options); });
  }
  const std::vector<Spec>& left = summary.reused > 0 ? some : task.runs;
  SayReused(store, run_ids, left.size(), options);
  if (!options.quiet) Say("{}", task.announcement);
  std::optional<Progress> progress(std::in_place, left.size(), !options.quiet);
  StoreSink<Spec, Result> sink(left, task.write, &store,
                               [&](const Result& result) {
                                 if (!result.error.empty()) {
                                   progress->Clear();
                                   SayFailed(result.error, options);
                                 }
                                 progress->Advance(1);
                               });
  try {
    task.compute(left, {head.jobs, &interrupt.raised(), head.theory}, &sink);
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
                          task.runs.size(), KeptText(store));
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
      WriteRoot(DescribeSweep(head, task.runs), writer);
      store.Merge(run_ids, writer);
    });
    store.Remove(run_ids);
  }
  return EndSweep(options, output, seconds, summary);
}

}  // namespace initscope
