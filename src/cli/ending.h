// How a command ends: interrupted, or with its results in a file and a summary.
#pragma once

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/experiment.h"
#include "cli/interrupt.h"
#include "io/publish.h"
#include "sweep/job_runner.h"

namespace initscope {

template <typename Result>
size_t CountComplete(const std::vector<Result>& results) {
  return static_cast<size_t>(
      std::ranges::count(results, true, &Result::complete));
}

// Reports how many of the runs were complete at the interruption, and
// `outcome`: what became of them. Returns the exit code.
int EndInterrupted(const InterruptFlag& interrupt, size_t complete, size_t runs,
                   const char* outcome = "; nothing was written");

// Reports the file that was written: with --json, its path and `json` on
// stdout; without --quiet, `summary`, its path and its size on stderr.
void Tell(const Options& options, const OutputFile& output,
          const nlohmann::ordered_json& json, const std::string& summary);

// Runs that are computed together and written to one file.
struct SweepTask {
  size_t runs = 0, duplicates = 0;
  double flops = 0;               // useful ones; 0: the summary has no rate
  std::string announcement = {};  // printed before the runs begin
  // Printed by --json after the number of runs and the time.
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  // Computes the runs and returns how many are complete.
  std::function<size_t(const SweepOptions& options)> compute = {};
  std::function<void(Hdf5Writer* writer)> write = {};
  // Called last, after the summary. Returns the exit code.
  std::function<int(const std::string& path)> end = {};
};

// Opens the output, computes the runs, writes them and reports the file.
// Returns the exit code.
int RunTask(const ExperimentHead& head, const Options& options,
            const SweepTask& task);

}  // namespace initscope
