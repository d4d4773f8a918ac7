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
    throw UserError(
        ExitCode::kUsage,
        fmt::format("{}: jobs = {} is not a whole number from 1 "
                    "to {}",
                    it->second.where, Quoted(it->second.text), kMostJobs));
  }
  return *jobs;
}

bool ResolveTheory(const SweepPoint& settings) {
  const auto it = settings.find("theory");
  if (it == settings.end()) return true;
  const NameMatch match = MatchName("theory", it->second.text, kOffOn);
  if (match.error.empty()) return match.index == 1;
  throw UserError(ExitCode::kUsage,
                  fmt::format("{}: theory = {} is neither on nor off",
                              it->second.where, Quoted(it->second.text)));
}

// Refuses an output name that would leave its folder or be no name at all.
void CheckName(const SweepPoint& settings) {
  const SweepValue& name = settings.at("name");
  if (name.text.empty() || name.text.find('/') != std::string::npos ||
      name.text.starts_with('.')) {
    throw UserError(ExitCode::kUsage,
                    fmt::format("{}: name = {} is not a plain name",
                                name.where.empty() ? "name" : name.where,
                                Quoted(name.text)));
  }
}

// The text that gives the same sweep again, flags included.
std::string Configuration(const ExperimentText& text) {
  std::string out;
  const auto lines = [&](const std::vector<Setting>& settings) {
    for (const Setting& setting : settings) {
      bool overridden = false;
      for (const Setting& flag : text.flags) {
        overridden = overridden || flag.key == setting.key;
      }
      if (!overridden) {
        out += fmt::format("{} = {}\n", setting.key, setting.text);
      }
    }
  };
  lines(text.common);
  for (const Setting& flag : text.flags) {
    out += fmt::format("{} = {}\n", flag.key, flag.text);
  }
  for (const auto& section : text.sections) {
    out += fmt::format("\n[{}]\n", section.name);
    lines(section.settings);
  }
  return out;
}

// Refuses a sweep that needs more memory than there is.
void CheckMemory(const std::string& title, const SweepMemory& memory,
                 size_t jobs) {
  static const MemoryLimit limit = AvailableMemory();
  if (memory.total <= limit.bytes) return;
  const bool many = 2 * memory.results > memory.total;
  throw UserError(
      ExitCode::kUsage,
      fmt::format("{}: the sweep needs {} of memory with {} jobs, and {}; "
                  "lower {}",
                  title, BytesText(memory.total), jobs, LimitText(limit),
                  many ? "the number of runs, or depth"
                       : "width, depth, batch or jobs"));
}

}  // namespace

double ExperimentHead::Seconds() const {
  const std::chrono::duration<double> spent =
      std::chrono::steady_clock::now() - begin;
  return spent.count();
}

Provenance ExperimentHead::Describe() const {
  return {.name = name,
          .command_line = command_line,
          .configuration = configuration,
          .started_utc = started_utc,
          .wall_seconds = Seconds(),
          .jobs = jobs};
}

ExperimentHead LoadExperimentHead(const Options& options) {
  ExperimentHead head;
  head.begin = std::chrono::steady_clock::now();
  head.started_utc = UtcNow();
  ExperimentText text;
  head.folder = ".";
  if (!options.files.empty()) {
    text = ReadExperimentFile(options.files[0]);
    head.folder = fs::path(options.files[0]).parent_path();
    head.files_read.push_back(options.files[0]);
  } else if (options.settings.empty()) {
    throw UserError(ExitCode::kUsage,
                    fmt::format("{} needs an experiment file or keys as "
                                "flags; see 'initscope {} --help'",
                                options.command, options.command));
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
  Experiment experiment{LoadExperimentHead(options), {}, {}, 0, {}, {}};
  InputCatalog catalog(
      [&experiment](const std::string& input, const std::string& labels) {
        for (const std::string& path : {input, labels}) {
          experiment.files_read.push_back(DataFile(path, experiment.folder));
        }
        return ReadInput(input, labels, experiment.folder);
      });
  // A million runs of a million layers are refused before they are all listed.
  const uint64_t default_steps = options.command == "train" ? 100 : 0;
  SweepMemory least = {UsedMemory()};
  ResolvedSweep resolved = ResolveSweep(
      experiment.sweep, &catalog, default_steps, [&](const RunSpec& run) {
        const double bytes = ResultMemory(run, experiment.theory);
        least.results += bytes;
        least.total += bytes;
        CheckMemory(experiment.title, least, experiment.jobs);
      });
  experiment.runs = std::move(resolved.runs);
  experiment.duplicates = resolved.duplicates;
  experiment.swept = experiment.sweep.swept;
  experiment.sweep.points.clear();
  experiment.inputs = catalog.inputs();
  experiment.memory = EstimateMemory(experiment.runs, experiment.jobs,
                                     experiment.theory, UsedMemory());
  // Reading the data may have taken more than the runs will.
  experiment.memory.total =
      std::max(experiment.memory.total, PeakMemory() + kProcessMemory);
  CheckMemory(experiment.title, experiment.memory, experiment.jobs);
  return experiment;
}

OutputFile MakeOutput(const ExperimentHead& experiment, const Options& options,
                      const char* suffix) {
  std::string path = experiment.output;
  if (path.empty()) {
    constexpr const char* kFolder = "results";
    std::error_code error;
    if (!fs::exists(kFolder, error) && !fs::create_directory(kFolder, error)) {
      throw UserError(
          ExitCode::kCannotCreate,
          fmt::format("{}: cannot create the folder: {}; --output FILE names "
                      "another place",
                      kFolder, error.message()));
    }
    path = fmt::format("{}/{}{}.h5", kFolder, experiment.name, suffix);
  }
  return OutputFile(path, options.force, experiment.files_read);
}

}  // namespace initscope
