// initscope merge: joins results files, of one sweep or of several, or the
// parts of a sweep.

#include <fmt/format.h>

#include <deque>
#include <filesystem>
#include <unordered_set>

#include "base/machine.h"
#include "base/quoted_text.h"
#include "cli/commands.h"
#include "cli/ending.h"
#include "cli/say.h"
#include "cli/sweep_runs.h"
#include "io/merged_tables.h"
#include "io/readable_results.h"
#include "io/verify_results.h"

namespace initscope {
namespace {

// Refuses a file that is not sound, or whose numbers are another version's.
FileCheck CheckSource(const std::string& path) {
  FileCheck check = VerifyResults(path);
  if (!check.problems.empty()) {
    throw UserError(ExitCode::kData, "{}: not sound, and so not merged: {}",
                    QuotedPath(path), check.problems[0]);
  }
  if (check.numerics_version != kNumericsVersion) {
    throw UserError(ExitCode::kData,
                    "{}: of another version of initscope (numerics {}, not "
                    "{}), which computes otherwise; compute its runs again",
                    QuotedPath(path), check.numerics_version, kNumericsVersion);
  }
  if (check.runs == 0) {
    throw UserError(ExitCode::kData, "{}: it has no runs", QuotedPath(path));
  }
  return check;
}

// Writes the file of a sweep, all of whose runs are in its store.
int MergeParts(const Options& options) {
  const Options of_sweep = WithKeysOfSweep(options);
  const std::string path = OutputPath(LoadExperimentHead(of_sweep), "");
  const ResultsStore seen(path, ResultsStore::Access::kRead);
  return WithSweep(of_sweep, seen, [&](const auto& head, const auto& sweep) {
    const std::vector<uint64_t>& run_ids = sweep.run_ids;
    if (!options.force && HasAll(path, run_ids)) {
      return EndComplete(options, path, run_ids.size());
    }
    std::error_code error;
    if (!std::filesystem::exists(seen.folder(), error)) {
      throw UserError(ExitCode::kIo,
                      "{}: no run of the sweep is there yet (there is no {})",
                      head.title, seen.folder().string());
    }
    OutputFile output = MakeOutput(head, options, "");
    ResultsStore store(path, options.no_lock ? ResultsStore::Access::kUnlocked
                                             : ResultsStore::Access::kLocked);
    const size_t missing = CountRuns(run_ids, store).missing;
    if (missing > 0) {
      throw UserError(ExitCode::kBusy,
                      "{}: {} of {} runs are missing; 'initscope {}' computes "
                      "them",
                      head.title, missing, run_ids.size(), CommandOf(seen));
    }
    ExperimentHead computed = head;
    computed.command_line = seen.RootText("command_line");
    MergeStore(computed, run_ids, &store, &output);
    Tell(options, output, {{"runs", run_ids.size()}},
         fmt::format("{} runs", run_ids.size()));
    return static_cast<int>(ExitCode::kSuccess);
  });
}

}  // namespace

int MergeCommand(const Options& options) {
  const bool is_file =
      options.files.size() == 1 &&
      std::filesystem::path(options.files[0]).extension() != ".h5";
  if (is_file || (options.files.empty() && !options.settings.empty())) {
    return MergeParts(options);
  }
  if (options.files.size() < 2) {
    FailUsage(
        "merge needs the file to write and those to join, as 'initscope merge "
        "all.h5 a.h5 b.h5', or the experiment file of a sweep");
  }
  if (!options.settings.empty()) {
    FailUsage("{} goes with the experiment file of a sweep, not with results",
              options.settings[0].where);
  }
  Provenance provenance;
  provenance.started_utc = UtcNow();
  provenance.command_line = options.command_line;
  const Stopwatch watch;
  std::deque<ReadableResults> readable;
  std::vector<std::string> paths;
  for (size_t i = 1; i < options.files.size(); ++i) {
    paths.push_back(readable.emplace_back(options.files[i]).file());
  }
  for (const std::string& path : paths) CheckSource(path);
  OutputFile output(
      options.files[0], options.force,
      std::vector<std::filesystem::path>(paths.begin(), paths.end()));
  const ResultsFiles sources(paths);
  std::vector<SourceRun> runs;
  std::unordered_set<uint64_t> seen;
  size_t duplicates = 0;
  for (size_t i = 0; i < sources.size(); ++i) {
    const ResultsReader& source = sources[i];
    const auto run_ids = source.Wholes(source.RunsGroup() + "/run_id");
    for (size_t run = 0; run < run_ids.size(); ++run) {
      if (seen.insert(run_ids[run]).second) {
        runs.push_back({i, run});
      } else {
        ++duplicates;
      }
    }
    provenance.configuration +=
        fmt::format("# {}\n{}\n", Printable(options.files[i + 1]),
                    source.Text("/", "configuration"));
  }
  if (paths.size() == 1) {  // the parts of one sweep
    const ResultsReader& source = sources[0];
    provenance.planned = {
        static_cast<size_t>(source.Number("/", "planned_runs")),
        source.Text("/", "planned_sha256")};
  }
  provenance.name = output.path().stem().string();
  provenance.wall_seconds = watch.Seconds();
  Publish(&output, [&](Hdf5Writer* writer) {
    WriteRoot(provenance, writer);
    MergeTables(sources, runs, Joined::kSweeps, writer);
  });
  Tell(options, output,
       {{"runs", runs.size()},
        {"files", paths.size()},
        {"duplicates_dropped", duplicates}},
       fmt::format("{} runs of {} files{}", runs.size(), paths.size(),
                   duplicates == 0
                       ? ""
                       : fmt::format(" ({} were there twice)", duplicates)));
  return 0;
}

}  // namespace initscope
