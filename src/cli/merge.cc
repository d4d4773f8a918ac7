// initscope merge: joins results files, of one sweep or of several.

#include <fmt/format.h>

#include <filesystem>
#include <unordered_set>

#include "base/quoted_text.h"
#include "cli/commands.h"
#include "cli/ending.h"
#include "cli/say.h"
#include "io/merged_tables.h"
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

}  // namespace

int MergeCommand(const Options& options) {
  if (options.files.size() < 2) {
    FailUsage(
        "merge needs the file to write and those to join, as 'initscope merge "
        "all.h5 a.h5 b.h5'");
  }
  Provenance provenance;
  provenance.started_utc = UtcNow();
  provenance.command_line = options.command_line;
  const std::vector<std::string> paths(options.files.begin() + 1,
                                       options.files.end());
  const Stopwatch watch;
  for (const std::string& path : paths) CheckSource(path);
  OutputFile output(
      options.files[0], options.force,
      std::vector<std::filesystem::path>(paths.begin(), paths.end()));
  ResultsReaders sources;
  std::vector<SourceRun> runs;
  std::unordered_set<uint64_t> seen;
  size_t duplicates = 0;
  for (const std::string& path : paths) {
    sources.push_back(std::make_unique<ResultsReader>(path));
    const ResultsReader& source = *sources.back();
    const auto run_ids = source.Wholes(source.RunsGroup() + "/run_id");
    for (size_t run = 0; run < run_ids.size(); ++run) {
      if (seen.insert(run_ids[run]).second) {
        runs.push_back({sources.size() - 1, run});
      } else {
        ++duplicates;
      }
    }
    provenance.configuration += fmt::format("# {}\n{}\n", Printable(path),
                                            source.Text("/", "configuration"));
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
