// How a command ends: interrupted, or with what it computed in a file and told
// to whoever asked.
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
      std::count_if(results.begin(), results.end(),
                    [](const Result& result) { return result.complete; }));
}

// Says after how many of the runs the command was interrupted and what became
// of them. Returns the exit code.
int EndInterrupted(const InterruptFlag& interrupt, size_t complete, size_t runs,
                   const char* outcome = "; nothing was written");

// Tells of the file that was written: on stdout, for --json, its path and
// `json`; on stderr the summary, its path and its size.
void Tell(const Options& options, const OutputFile& output,
          const nlohmann::ordered_json& json, const std::string& summary);

// Runs that are computed together and written to one file.
struct SweepTask {
  size_t runs = 0, duplicates = 0;
  double flops = 0;               // useful ones, or 0 to say nothing
  std::string announcement = {};  // said before the runs begin
  // Told beside what is above.
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  // Returns how many runs are complete.
  std::function<size_t(const SweepOptions& options)> compute = {};
  std::function<void(Hdf5Writer* writer)> write = {};
  // After all was told of the file. Returns the exit code.
  std::function<int(const std::string& path)> end = {};
};

// From making the output to telling of it. Returns the exit code.
int RunTask(const ExperimentHead& head, const Options& options,
            const SweepTask& task);

}  // namespace initscope
