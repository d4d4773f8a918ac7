#include "cli/sweep_task.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <sstream>

#include "base/error.h"
#include "base/number_text.h"
#include "base/quoted_text.h"
#include "cli/json_text.h"
#include "cli/say.h"
#include "cli/units.h"

namespace initscope {

namespace {

// The number of runs in the store that are not among `run_ids`.
size_t OtherRuns(const ResultsStore& store, std::vector<uint64_t> run_ids) {
  std::ranges::sort(run_ids);
  size_t others = 0;
  for (const StoredRun& run : store.runs()) {
    others += !std::ranges::binary_search(run_ids, run.run_id);
  }
  return others;
}

}  // namespace

std::string KeptText(const ResultsStore& store) {
  if (store.runs().empty()) return "; nothing was written";
  return fmt::format("; {} holds them, and the same command goes on from there",
                     store.folder().string());
}

void IncludeOutput(const std::filesystem::path& file,
                   const std::vector<uint64_t>& run_ids, ResultsStore* store) {
  std::error_code error;
  if (!std::filesystem::exists(file, error)) return;
  const size_t before = OtherRuns(*store, run_ids);
  store->Include(file);
  const size_t others = OtherRuns(*store, run_ids) - before;
  if (others == 0) return;
  throw UserError(ExitCode::kUsage,
                  "{}: {} of its runs are not of this experiment, and "
                  "extending it would drop them; name another --output",
                  file.string(), others);
}

bool IsPublished(const ExperimentHead& head, const Options& options,
                 const std::vector<uint64_t>& run_ids) {
  const std::string path = OutputPath(head, "");
  std::error_code error;
  const bool has_parts = std::filesystem::exists(path + ".parts", error);
  if (options.force || options.extend ||
      (options.shard.count == 1 && !has_parts) || !HasAll(path, run_ids)) {
    return false;
  }
  if (has_parts && !options.no_lock) {
    try {
      ResultsStore store(path, ResultsStore::Access::kLocked);
      store.Remove(run_ids);
    } catch (const UserError& busy) {
      if (busy.code() != ExitCode::kBusy) throw;  // that process removes them
    }
  }
  return true;
}

std::vector<size_t> RunsLeft(const std::vector<uint64_t>& run_ids,
                             const std::vector<uint16_t>& shards,
                             const ResultsStore& store,
                             const Options& options) {
  std::vector<size_t> left;
  for (size_t i = 0; i < run_ids.size(); ++i) {
    if (!shards.empty() && shards[i] != options.shard.index) continue;
    const std::optional<RunStatus> status = store.StatusOf(run_ids[i]);
    if (!status || (options.retry_failed && *status == RunStatus::kFailed)) {
      left.push_back(i);
    }
  }
  return left;
}

void CheckRoom(const std::filesystem::path& output, double part_bytes,
               double file_bytes, const Options& options) {
  std::error_code error;
  const std::filesystem::space_info space = std::filesystem::space(
      output.has_parent_path() ? output.parent_path() : ".", error);
  if (error) return;  // a file system that does not say what is free
  const auto free = static_cast<double>(space.available);
  if (part_bytes <= StoredTogether(0)) part_bytes = 0;  // there are no parts
  if (part_bytes > free) {
    throw UserError(ExitCode::kCannotCreate,
                    "{}: the results take {} of disk space before they are "
                    "joined, and {} are free there; make room, name another "
                    "--output, or sweep less",
                    output.string(), BytesText(part_bytes), BytesText(free));
  }
  // Columns of numbers that repeat take hardly any room in the file.
  if (part_bytes + file_bytes > free && !options.quiet) {
    Say("{}: the results take up to {} of disk space while they are written, "
        "and {} are free there\n",
        output.string(), BytesText(part_bytes + file_bytes), BytesText(free));
  }
}

namespace {

// The settings of an experiment, one a line, without those that no run_id
// knows.
std::vector<std::string> SettingLines(const std::string& configuration) {
  std::vector<std::string> lines;
  std::istringstream text(configuration);
  for (std::string line; std::getline(text, line);) {
    const std::string_view key =
        Trim(std::string_view(line).substr(0, line.find('=')));
    if (!line.empty() && key != "jobs" && key != "output" && key != "theory") {
      lines.push_back(line);
    }
  }
  std::ranges::sort(lines);
  return lines;
}

// What an experiment had that is otherwise now: "gain = 1, 2 then, gain = 1, 3
// now".
std::string ChangeText(const std::string& then, const std::string& now) {
  std::vector<std::string> parts;
  const auto add = [&](const std::string& of, const std::string& other,
                       const char* when) {
    const auto lines = SettingLines(of), others = SettingLines(other);
    std::vector<std::string> only;
    std::ranges::set_difference(lines, others, std::back_inserter(only));
    if (!only.empty()) {
      parts.push_back(fmt::format(
          "{} {}", Quoted(fmt::format("{}", fmt::join(only, "; ")), 200),
          when));
    }
  };
  add(then, now, "then");
  add(now, then, "now");
  if (parts.empty()) return "another command, or other data";
  return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace

void SayReused(const ResultsStore& store, const ExperimentHead& head,
               const std::vector<uint64_t>& run_ids, size_t left,
               const Options& options) {
  if (options.quiet) return;
  const std::string folder = store.folder().string();
  if (options.shard.count > 1) {
    Say("shard {} of {} runs: {} are computed\n", options.shard.Text(),
        run_ids.size(), left);
  } else if (left < run_ids.size()) {
    const std::string place = options.extend ? store.output().string() : folder;
    Say("{} of {} runs are in {} already; {} are computed\n",
        run_ids.size() - left, run_ids.size(), place, left);
  }
  const size_t others = OtherRuns(store, run_ids);
  if (others > 0) {
    Say("{} runs in {} are not of this experiment as it is now ({}), and are "
        "left alone\n",
        others, folder,
        ChangeText(store.RootText("configuration"), head.configuration));
  }
  if (store.outdated() > 0) {
    Say("{} runs in {} are of a version of initscope that computes otherwise, "
        "and are not used\n",
        store.outdated(), folder);
  }
}

void SayFailed(const std::string& error, const Options& options) {
  if (options.fail_fast) {
    throw UserError(ExitCode::kCheckFailed, "{} (--fail-fast)", error);
  }
  Say("initscope: {}\n", error);
}

int EndSweep(const Options& options, const OutputFile& output, double seconds,
             const SweepSummary& summary) {
  const size_t computed = summary.runs - summary.reused;
  const size_t failed = summary.counts[RunStatus::kFailed];
  const size_t diverged = summary.counts[RunStatus::kDiverged];
  nlohmann::ordered_json json = {{"runs", summary.runs},
                                 {"duplicates_dropped", summary.duplicates},
                                 {"seconds", seconds}};
  json["reused"] = summary.reused;
  json["failed"] = failed;
  json.update(summary.json);
  if (summary.duplicates > 0 && !options.quiet) {
    Say("{} duplicate runs were dropped\n", summary.duplicates);
  }
  std::string text =
      fmt::format("{} runs in {}", summary.runs, SecondsText(seconds));
  if (summary.flops > 0 && computed == summary.runs) {
    text +=
        fmt::format(" ({:.3g} useful GFLOP/s)", summary.flops / seconds / 1e9);
  }
  Tell(options, output, json, text);
  const std::string path = output.path().string();
  if (diverged > 0 && diverged == summary.runs) {
    Say("initscope: every run diverged; {} holds what was before\n", path);
    return static_cast<int>(ExitCode::kCheckFailed);
  }
  if (diverged > 0 && !options.quiet) {
    Say("{} of {} runs diverged (status); their rows end there\n", diverged,
        summary.runs);
  }
  if (failed == 0) return 0;
  Say("initscope: {} of {} runs failed; /runs/error in {} says why\n", failed,
      summary.runs, path);
  return static_cast<int>(ExitCode::kCheckFailed);
}

std::string RestText(const ResultsStore& store, bool is_last,
                     const std::vector<uint64_t>& run_ids) {
  const std::string output = store.output().string();
  if (!is_last) {
    return fmt::format("others are at work, and the last one writes {}",
                       output);
  }
  if (HasAll(output, run_ids)) {
    return fmt::format("all {} runs are in {}", run_ids.size(), output);
  }
  return fmt::format(
      "{} of {} runs are missing; the last shard, or 'initscope merge', writes "
      "{}",
      CountRuns(run_ids, store).missing, run_ids.size(), output);
}

int EndShard(const Options& options, const ResultsStore& store, double seconds,
             const std::string& rest, const SweepSummary& summary) {
  const size_t computed = summary.runs - summary.reused;
  const size_t failed = summary.counts[RunStatus::kFailed];
  const std::string shard = options.shard.Text();
  if (options.json) {
    fmt::print("{}", JsonText({{"parts", store.folder().string()},
                               {"shard", shard},
                               {"runs", summary.runs},
                               {"computed", computed},
                               {"failed", failed},
                               {"seconds", seconds}}));
  } else if (!options.quiet) {
    Say("shard {}: {} runs in {}; {}\n", shard, computed, SecondsText(seconds),
        rest);
  }
  if (failed == 0) return static_cast<int>(ExitCode::kSuccess);
  Say("initscope: {} of {} runs failed\n", failed, computed);
  return static_cast<int>(ExitCode::kCheckFailed);
}

}  // namespace initscope
