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
#include "sweep/run_cost.h"
#include "sweep/theory_sweep.h"

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

ResultPlace PlaceOf(std::string_view command) {
  const bool stored =
      command == "run" || command == "train" || command == "plan";
  return stored ? ResultPlace::kStore : ResultPlace::kMemory;
}

MemoryLimit LimitOf(const Options& options) {
  MemoryLimit limit = AvailableMemory();
  if (options.memory == 0) {
    constexpr double kShare = 0.8;
    return {kShare * limit.bytes,
            fmt::format("{:.0f} % of what {} are", 100 * kShare, limit.source)};
  }
  if (options.memory < limit.bytes) limit = {options.memory, "--memory allows"};
  return limit;
}

void CheckSweepMemory(const ExperimentHead& head, const SweepMemory& memory) {
  CheckMemory(head, "the sweep", memory.total, head.jobs,
              2 * memory.results > memory.total
                  ? "the number of runs, or depth"
                  : "width, depth, batch or jobs");
}

// Refuses a million runs of a million layers before it has listed them all.
void CheckLayers(const ExperimentHead& head) {
  double rows = 0;
  for (const SweepProduct& product : head.sweep->products) {
    const auto depth =
        std::ranges::find(product.axes, "depth", &SweepProduct::Axis::key);
    if (depth == product.axes.end()) continue;
    double layers = 0;
    for (const std::string& value : depth->values) {
      const double number = ParseNumber<double>(value).value_or(0);
      // What is no depth is refused where it is resolved.
      if (number <= FindKey("depth")->range.most) layers += number;
    }
    rows += layers * static_cast<double>(product.size) /
            static_cast<double>(depth->values.size());
  }
  const double bytes =
      MergeMemory(static_cast<double>(head.sweep->size()), rows);
  CheckSweepMemory(head, {UsedMemory() + bytes, bytes, 0});
}

}  // namespace

bool SetsAttention(const Options& options) {
  const auto is_its = [](const Setting& setting) {
    const Key* key = FindKey(setting.key);
    return key != nullptr && key->commands == kAttention;
  };
  const auto any = [&](const std::vector<Setting>& settings) {
    return std::ranges::any_of(settings, is_its);
  };
  if (any(options.settings)) return true;
  if (options.files.empty()) return false;
  const ExperimentText text = ReadExperimentFile(options.files[0]);
  return any(text.common) ||
         std::ranges::any_of(text.sections, any,
                             &ExperimentText::Section::settings);
}

Provenance ExperimentHead::Describe() const {
  return {.name = name,
          .command_line = command_line,
          .configuration = configuration,
          .started_utc = started_utc,
          .wall_seconds = watch.Seconds(),
          .jobs = jobs};
}

Provenance ExperimentHead::DescribeSweep(const PlannedRuns& planned) const {
  Provenance provenance = Describe();
  provenance.planned = planned;
  return provenance;
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

  head.sweep = std::make_shared<const Sweep>(
      ExpandSweep(text, {options.command, options.keys}));
  const SweepPoint& settings = head.sweep->experiment;
  CheckName(settings);
  head.command_line = options.command_line;
  head.name = settings.at("name").text;
  head.title = options.files.empty() ? head.name : options.files[0];
  head.jobs = ResolveJobs(settings);
  head.theory = ResolveTheory(settings);
  head.memory_limit = LimitOf(options);
  const auto output = settings.find("output");
  if (output != settings.end()) {
    head.output = output->second.text;
    head.output_where = output->second.where;
  }
  head.configuration = Configuration(text);
  return head;
}

Experiment LoadExperiment(const Options& options) {
  Experiment experiment = LoadSweepOf(options, options.command);
  const size_t all = experiment.jobs;
  const auto bytes = [&](size_t jobs) {
    if (jobs == all) return experiment.memory.total;
    MemoryEstimate memory(jobs, experiment.theory, PlaceOf(options.command));
    for (size_t i = 0; i < experiment.runs.size(); ++i) {
      memory.Add(experiment.runs[i], experiment.run_seconds[i]);
    }
    experiment.memory = memory.Total(UsedMemory());
    return experiment.memory.total;
  };
  FitJobs(bytes, options, &experiment);
  CheckSweepMemory(experiment, experiment.memory);
  return experiment;
}

Experiment LoadSweepOf(const Options& options, std::string_view command) {
  Experiment experiment{LoadExperimentHead(options), {}, {}, {}, {}, {}, {}, 0};
  const auto read = std::make_shared<std::vector<fs::path>>();
  const auto catalog = std::make_shared<InputCatalog>(
      [read, folder = experiment.folder](const std::string& input,
                                         const std::string& labels) {
        for (const std::string& path : {input, labels}) {
          read->push_back(DataFile(path, folder));
        }
        return ReadInput(input, labels, folder);
      });
  CheckLayers(experiment);
  const uint64_t default_steps = command == "train" ? 100 : 0;
  MemoryEstimate memory(experiment.jobs, experiment.theory, PlaceOf(command));
  experiment.runs = RunList(
      experiment.sweep, catalog, default_steps, [&](const RunSpec& run) {
        const bool theory = experiment.theory && HasTheory(run);
        experiment.run_flops.push_back(RunFlops(run));
        experiment.run_seconds.push_back(RunSeconds(run, theory));
        memory.Add(run, experiment.run_seconds.back());
        experiment.file_bytes += FileBytes(run, theory);
        if (run.samples && run.classes.empty()) {
          experiment.with_all_classes.insert(run.input_index);
        }
      });
  experiment.files_read.insert(experiment.files_read.end(), read->begin(),
                               read->end());
  experiment.inputs = catalog->inputs();
  experiment.memory = memory.Total(UsedMemory());
  // Reading the data may have taken more memory than the runs will.
  experiment.memory.total =
      std::max(experiment.memory.total, PeakMemory() + kProcessMemory);
  return experiment;
}

void FitJobs(const std::function<double(size_t)>& bytes, const Options& options,
             ExperimentHead* head) {
  const double limit = head->memory_limit.bytes;
  const size_t all = head->jobs;
  bool fits = bytes(all) <= limit;
  while (!fits && head->jobs > 1) {
    head->jobs -= (head->jobs + 3) / 4;
    fits = bytes(head->jobs) <= limit;
  }
  if (!fits || head->jobs == all || options.quiet) return;
  Say("{} job{} instead of {}, as {}\n", head->jobs, head->jobs == 1 ? "" : "s",
      all, LimitText(head->memory_limit));
}

void CheckMemory(const ExperimentHead& head, std::string_view what,
                 double bytes, size_t jobs, std::string_view lower) {
  const MemoryLimit& limit = head.memory_limit;
  if (bytes <= limit.bytes) return;
  FailUsage("{}: {} needs {} of memory with {} job{}, and {}; lower {}",
            head.title, what, BytesText(bytes), jobs, jobs == 1 ? "" : "s",
            LimitText(limit), lower);
}

void CheckOneRun(const ExperimentHead& head, size_t runs,
                 std::string_view what) {
  if (runs == 1) return;
  const std::vector<std::string>& swept = head.sweep->swept;
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
  std::error_code error, exists_error;
  // Another process may create it at the same time.
  if (experiment.output.empty() && !fs::create_directory(folder, error) &&
      !fs::exists(folder, exists_error)) {
    throw UserError(
        ExitCode::kCannotCreate,
        "{}: cannot create the folder: {}; --output FILE names another place",
        folder.string(), error.message());
  }
  return OutputFile(path, options.force, experiment.files_read);
}

}  // namespace initscope
