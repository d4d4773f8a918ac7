// initscope status: how far a sweep is.

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/experiment.h"
#include "cli/json_text.h"
#include "io/results_store.h"

namespace initscope {

int StatusCommand(const Options& options) {
  const Experiment experiment = LoadExperiment(options);
  const std::string output = OutputPath(experiment, "");
  ResultsStore store(output, ResultsStore::Access::kRead);
  std::error_code error;
  if (std::filesystem::exists(output, error)) store.Include(output);
  std::array<size_t, kRunStatusNames.size()> counts = {};
  for (const uint64_t run_id : experiment.runs.run_ids()) {
    const auto stored = store.runs().find(run_id);
    if (stored == store.runs().end()) continue;
    ++counts[static_cast<size_t>(stored->second.status)];
  }
  const size_t planned = experiment.runs.size();
  const size_t missing = planned - counts[0] - counts[1] - counts[2];
  const std::string holder = store.Holder();
  if (options.json) {
    nlohmann::ordered_json json = {{"output", output}, {"planned", planned}};
    for (size_t i = 0; i < counts.size(); ++i) {
      json[std::string(kRunStatusNames[i])] = counts[i];
    }
    json["missing"] = missing;
    json["at_work"] = holder;
    fmt::print("{}", JsonText(std::move(json)));
    return 0;
  }
  fmt::print("{}: {} of {} runs are finished", output, planned - missing,
             planned);
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > 0) fmt::print(", {} {}", counts[i], kRunStatusNames[i]);
  }
  fmt::print("; {} are missing\n{}\n", missing,
             holder.empty() ? "no process is at work" : holder + " is at work");
  return 0;
}

}  // namespace initscope
