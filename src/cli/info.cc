// initscope info: what a results file holds.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/quoted_text.h"
#include "cli/commands.h"
#include "cli/group_text.h"
#include "cli/json_text.h"
#include "cli/say.h"
#include "cli/verdict_text.h"
#include "io/guarded_read.h"
#include "io/key_columns.h"
#include "io/readable_results.h"
#include "io/results_reader.h"
#include "io/run_groups.h"

namespace initscope {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kAttributes[] = {
    "name",         "program_version", "git_commit",
    "command_line", "started_utc",     "host",
    "cpu",          "kernel_target",   "compiler",
    "libraries",
};

// What every results file says about itself.
class Head {
 public:
  Head(const ResultsReader& file, const std::string& path)
      : path_(Printable(path)),
        format_version_(file.Number("/", "format_version")) {
    for (const char* name : kAttributes) {
      attributes_.emplace_back(name, Printable(file.Text("/", name)));
    }
  }

  std::string Text(const std::string& contents,
                   const std::vector<KeyColumn>& keys) const {
    std::string text = fmt::format("{}: initscope results, format {}\n\n",
                                   path_, format_version_);
    for (const auto& [name, value] : attributes_) {
      if (!value.empty()) text += fmt::format("  {:<18} {}\n", name, value);
    }
    text += fmt::format("\n  {}\n\n", contents);
    for (const KeyColumn& key : keys) {
      if (key.summary.empty()) continue;
      text += fmt::format("  {:<18} {}\n", key.name, Printable(key.summary));
    }
    return text;
  }

  Json Document(const Json& counts, const std::vector<KeyColumn>& keys) const {
    Json json = {{"file", path_}, {"format_version", format_version_}};
    json.update(counts);
    for (const auto& [name, value] : attributes_) json[name] = value;
    for (const KeyColumn& key : keys) {
      if (key.summary.empty()) continue;
      json["keys"][key.name] = Printable(key.summary);
    }
    return json;
  }

 private:
  std::string path_;
  int64_t format_version_;
  std::vector<std::pair<std::string, std::string>> attributes_;
};

// ", of 160 planned ones" of a sweep that is not finished, else "".
std::string MissingText(const ResultsReader& file, size_t runs) {
  const int64_t planned = file.Number("/", "planned_runs");
  if (planned <= static_cast<int64_t>(runs)) return "";
  return fmt::format(" of {} (the sweep is not finished)", planned);
}

// How many runs failed, and why the first one did; "" if none did.
std::string FailuresText(const ResultsReader& file, const std::string& group) {
  if (!file.Has(group + "/error")) return "";
  const auto errors = file.Names(group + "/error");
  const auto failed =
      errors.size() - static_cast<size_t>(std::ranges::count(errors, ""));
  if (failed == 0) return "";
  const auto first = std::ranges::find_if(
      errors, [](const auto& text) { return !text.empty(); });
  return fmt::format("; {} failed, the first one: {}", failed,
                     Printable(*first));
}

// A file of `attention`: a sweep, or the tensors of one run.
std::string AttentionInfo(const ResultsReader& file, const Head& head,
                          bool json) {
  const bool is_sweep = file.IsAttention();
  const size_t runs = is_sweep ? file.Length("/attention/run") : 1;
  const auto keys = ReadKeyColumns(file, "/attention");
  if (json) return JsonText(head.Document({{"runs", runs}}, keys));
  return head.Text(is_sweep ? fmt::format("attention: {} runs{}{}", runs,
                                          MissingText(file, runs),
                                          FailuresText(file, "/attention"))
                            : "attention: one run, every step in /tensors",
                   keys);
}

std::string GroupsText(const std::vector<RunGroup>& groups, bool trains) {
  std::string text = fmt::format(
      "\nMedians over the runs of each group{}:\nactivation variance at the "
      "first and the last hidden layer, and the second\nmoment of delta at "
      "layer 1 divided by the output's\n\n{}",
      trains ? ", at its first and last recorded step" : "",
      MediansTable(groups));
  if (trains) {
    text += fmt::format(
        "\nTraining of each group: median over the runs at step 0 → over "
        "those that did\nnot diverge, at the last step\n\n{}",
        TrainingTable(groups));
  }
  return text + fmt::format(
                    "\nEach group of runs that differ in their seeds alone{}"
                    "\n\n{}",
                    trains ? ", at step 0" : "", VerdictTable(groups));
}

std::string RunsInfo(const ResultsReader& file, const Head& head, bool json) {
  // A file that `theory` wrote has predictions only.
  const bool is_measured = !file.Has("/layers/theory_delta_second_moment") ||
                           file.Has("/layers/delta_second_moment");
  const auto keys = ReadKeyColumns(file, "/runs");
  const auto groups =
      is_measured ? ReadRunGroups(file, keys) : std::vector<RunGroup>();
  const size_t runs = file.Length("/runs/run");
  const size_t rows = file.Length("/layers/row");
  const bool trains = file.Has("/steps");
  if (json) {
    Json document = head.Document({{"runs", runs}, {"rows", rows}}, keys);
    document["groups"] = MediansJson(groups);
    if (trains) document["training"] = TrainingJson(groups);
    document["verdicts"] = VerdictJson(groups);
    return JsonText(std::move(document));
  }
  const std::string contents = fmt::format(
      "{} runs{}, {} rows of layers{}{}", runs, MissingText(file, runs), rows,
      is_measured ? "" : ", theory alone", FailuresText(file, "/runs"));
  return head.Text(contents, keys) +
         (is_measured ? GroupsText(groups, trains) : "");
}

// Of a file that stands for the one at `path`.
std::string Info(const std::string& file_path, const std::string& path,
                 bool json) {
  const ResultsReader file(file_path);
  const Head head(file, path);
  const bool is_attention =
      file.IsAttention() || (file.Has("/tensors") && !file.Has("/runs"));
  return (is_attention ? AttentionInfo : RunsInfo)(file, head, json);
}

}  // namespace

int InfoCommand(const Options& options) {
  if (options.files.empty()) {
    FailUsage(
        "info needs a results file, as 'initscope info results/quickstart.h5'");
  }
  const std::string& path = options.files[0];
  const ReadableResults results(path);
  fmt::print("{}", GuardedRead(results.file(), [&] {
               return Info(results.file(), path, options.json);
             }));
  return 0;
}

}  // namespace initscope
