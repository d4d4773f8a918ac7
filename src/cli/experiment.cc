#include "cli/experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/machine.h"
#include "base/number_text.h"
#include "base/parallel.h"
#include "base/quoted_text.h"
#include "cli/experiment_file.h"
#include "cli/say.h"
#include "cli/units.h"
#include "io/input_reader.h"
#include "spec/name_aliases.h"
#include "spec/resolve.h"

namespace initscope {
namespace {

namespace fs = std::filesystem;

size_t ResolveJobs(const SweepPoint& settings) {
  const auto it = settings.find("jobs");
  if (it == settings.end()) return AvailableCores();
  const auto jobs = ParseNumber<uint64_t>(it->second.text);
  if (!jobs || *jobs < 1 || *jobs > kMostJobs) {
    FailUsage("{}: jobs = {} is not a whole number from 1 to {}",
              it->second.where, Quoted(it->second.text), kMostJobs);
  }
  return *jobs;
}

bool ResolveTheory(const SweepPoint& settings) {
  const auto it = settings.find("theory");
  if (it == settings.end()) return true;
  const NameMatch match = MatchName("theory", it->second.text, kOffOn);
  if (match.error.empty()) return match.index == 1;
  FailUsage("{}: theory = {} is neither on nor off", it->second.where,
            Quoted(it->second.text));
}

// Refuses a name that is empty, hidden, or names another folder.
void CheckName(const SweepPoint& settings) {
  const SweepValue& name = settings.at("name");
  if (name.text.empty() || name.text.find('/') != std::string::npos ||
      name.text.starts_with('.')) {
    FailUsage("{}: name = {} is not a plain name",
              name.where.empty() ? "name" : name.where, Quoted(name.text));
  }
}

// An experiment file that gives the same sweep again, flags included.
std::string Configuration(const ExperimentText& text) {
  std::string out;
  const auto add = [&](const Setting& setting) {
    out += fmt::format("{} = {}\n", setting.key, setting.text);
  };
  const auto add_all = [&](const std::vector<Setting>& settings) {
    for (const Setting& setting : settings) {
      if (std::ranges::count(text.flags, setting.key, &Setting::key) == 0) {
        add(setting);
      }
    }
  };
  add_all(text.common);
  for (const Setting& flag : text.flags) add(flag);
  for (const auto& section : text.sections) {
    out += fmt::format("\n[{}]\n", section.name);
    add_all(section.settings);
  }
  return out;
}

void CheckSweepMemory(const ExperimentHead& head, const SweepMemory& memory) {
  CheckMemory(head, "the sweep", memory.total, head.jobs,
              2 * memory.results > memory.total
                  ? "the number of runs, or depth"
                  : "width, depth, batch or jobs");
}

}  // namespace

Provenance ExperimentHead::Describe() const {
  return {.name = name,
          .command_line = command_line,
          .configuration = configuration,
          .started_utc = started_utc,
          .wall_seconds = watch.Seconds(),
          .jobs = jobs};
}

ExperimentHead LoadExperimentHead(const Options& options) {
  ExperimentHead head;
  head.started_utc = UtcNow();
  ExperimentText text;
  head.folder = ".";
  if (!options.files.empty()) {
    text = ReadExperimentFile(options.files[0]);
    head.folder = fs::path(options.files[0]).parent_path();
    head.files_read.push_back(options.files[0]);
  } else if (options.settings.empty()) {
    FailUsage(
        "{} needs an experiment file or keys as flags; see 'initscope {} "
        "--help'",
        options.command, options.command);
  } else {
    text.name = "experiment";
  }
  text.flags = options.settings;

  head.sweep = ExpandSweep(text, {options.command, options.keys});
  const SweepPoint& settings = head.sweep.experiment;
  CheckName(settings);
  head.command_line = options.command_line;
  head.name = settings.at("name").text;
  head.title = options.files.empty() ? head.name : options.files[0];
  head.jobs = ResolveJobs(settings);
  head.theory = ResolveTheory(settings);
  const auto output = settings.find("output");
  if (output != settings.end()) {
    head.output = output->second.text;
    head.output_where = output->second.where;
  }
  head.configuration = Configuration(text);
  return head;
}

Experiment LoadExperiment(const Options& options) {
  Experiment experiment{LoadExperimentHead(options), {}, 0, {}, {}};
  InputCatalog catalog(
      [&experiment](const std::string& input, const std::string& labels) {
        for (const std::string& path : {input, labels}) {
          experiment.files_read.push_back(DataFile(path, experiment.folder));
        }
        return ReadInput(input, labels, experiment.folder);
      });
  // Refuses a million runs of a million layers before it has listed them all.
  const uint64_t default_steps = options.command == "train" ? 100 : 0;
  SweepMemory least = {UsedMemory()};
  ResolvedSweep resolved = ResolveSweep(
      experiment.sweep, &catalog, default_steps, [&](const RunSpec& run) {
        const double bytes = ResultMemory(run, experiment.theory);
        least.results += bytes;
        least.total += bytes;
        CheckSweepMemory(experiment, least);
      });
  experiment.runs = std::move(resolved.runs);
  experiment.duplicates = resolved.duplicates;
  experiment.sweep.points.clear();
  experiment.inputs = catalog.inputs();
  experiment.memory = EstimateMemory(experiment.runs, experiment.jobs,
                                     experiment.theory, UsedMemory());
  // Reading the data may have taken more memory than the runs will.
  experiment.memory.total =
      std::max(experiment.memory.total, PeakMemory() + kProcessMemory);
  CheckSweepMemory(experiment, experiment.memory);
  return experiment;
}

void CheckMemory(const ExperimentHead& head, std::string_view what,
                 double bytes, size_t jobs, std::string_view lower) {
  static const MemoryLimit limit = AvailableMemory();
  if (bytes <= limit.bytes) return;
  FailUsage("{}: {} needs {} of memory with {} job{}, and {}; lower {}",
            head.title, what, BytesText(bytes), jobs, jobs == 1 ? "" : "s",
            LimitText(limit), lower);
}

void CheckOneRun(const ExperimentHead& head, size_t runs,
                 std::string_view what) {
  if (runs == 1) return;
  const std::vector<std::string>& swept = head.sweep.swept;
  FailUsage(
      "{}: {} one run, and this describes {} (over {}); fix each to one value, "
      "as --{} VALUE",
      head.title, what, runs, fmt::join(swept, ", "), FlagName(swept[0]));
}

std::string OutputPath(const ExperimentHead& experiment, const char* suffix) {
  if (!experiment.output.empty()) return experiment.output;
  return fmt::format("results/{}{}.h5", experiment.name, suffix);
}

OutputFile MakeOutput(const ExperimentHead& experiment, const Options& options,
                      const char* suffix) {
  const std::string path = OutputPath(experiment, suffix);
  const fs::path folder = fs::path(path).parent_path();
  std::error_code error;
  if (experiment.output.empty() && !fs::exists(folder, error) &&
      !fs::create_directory(folder, error)) {
    throw UserError(
        ExitCode::kCannotCreate,
        "{}: cannot create the folder: {}; --output FILE names another place",
        folder.string(), error.message());
  }
  return OutputFile(path, options.force, experiment.files_read);
}

}  // namespace initscope
