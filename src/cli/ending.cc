#include "cli/ending.h"

#include <fmt/format.h>

#include <filesystem>

#include "cli/json_text.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "cli/units.h"

namespace initscope {

using Json = nlohmann::ordered_json;

int EndInterrupted(const InterruptFlag& interrupt, size_t complete, size_t runs,
                   const char* outcome) {
  Say("initscope: interrupted after {} of {} runs{}\n", complete, runs,
      outcome);
  return interrupt.ExitCode();
}

void Tell(const Options& options, const OutputFile& output, const Json& json,
          const std::string& summary) {
  const std::string path = output.path().string();
  if (options.json) {
    Json all = {{"output", path}};
    all.update(json);
    fmt::print("{}", JsonText(std::move(all)));
  }
  if (options.quiet) return;
  Say("{} -> {} ({})\n", summary, path,
      BytesText(static_cast<double>(std::filesystem::file_size(path))));
}

int RunTask(const ExperimentHead& head, const Options& options,
            const SweepTask& task) {
  const InterruptFlag interrupt;
  OutputFile output = MakeOutput(head, options, "");
  if (!options.quiet) Say("{}", task.announcement);
  size_t complete = 0;
  {
    Progress progress(task.runs, !options.quiet);
    complete = task.compute({head.jobs, &interrupt.raised(),
                             [&](size_t runs) { progress.Advance(runs); },
                             head.theory});
  }
  if (complete < task.runs) {
    return EndInterrupted(interrupt, complete, task.runs);
  }
  const double seconds = head.watch.Seconds();
  Publish(&output, task.write);
  Json json = {{"runs", task.runs},
               {"duplicates_dropped", task.duplicates},
               {"seconds", seconds}};
  json.update(task.json);
  if (task.duplicates > 0 && !options.quiet) {
    Say("{} duplicate runs were dropped\n", task.duplicates);
  }
  std::string summary =
      fmt::format("{} runs in {}", task.runs, SecondsText(seconds));
  if (task.flops > 0) {
    summary +=
        fmt::format(" ({:.3g} useful GFLOP/s)", task.flops / seconds / 1e9);
  }
  Tell(options, output, json, summary);
  return task.end ? task.end(output.path().string()) : 0;
}

}  // namespace initscope
