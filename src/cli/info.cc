// initscope info: what a results file holds.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/experiment.h"
#include "cli/json_text.h"
#include "cli/power_text.h"
#include "cli/verdict_text.h"
#include "io/results_reader.h"
#include "io/run_groups.h"
#include "sim/keys.h"

namespace initscope {
namespace {

using Json = nlohmann::ordered_json;

double Median(std::vector<double> values) {
  std::erase_if(values, [](double v) { return std::isnan(v); });
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  if (values.size() % 2 == 1) return values[middle];
  // Two equal infinities have that as their median, not NaN.
  return values[middle - 1] == values[middle]
             ? values[middle]
             : (values[middle - 1] + values[middle]) / 2;
}

// Medians over the runs of one activation and init.
struct Group {
  size_t runs = 0;
  // log10 of the activation variance at the first and the last hidden layer,
  // and of the second moment of delta at layer 1 over that at the output.
  std::vector<double> first, last, gradient;
};

using Groups = std::map<std::pair<std::string, std::string>, Group>;

Groups ReadGroups(const ResultsReader& file) {
  const auto run_index = file.Wholes("/layers/run_index");
  const auto layer = file.Wholes("/layers/layer");
  const auto activation = file.Names("/layers/activation");
  const auto init = file.Names("/layers/init");
  const auto variance = file.Numbers("/layers/log10_activation_variance");
  const auto delta = file.Numbers("/layers/log10_delta_second_moment");
  Groups groups;
  for (size_t begin = 0; begin < layer.size();) {
    size_t end = begin + 1;
    while (end < layer.size() && run_index[end] == run_index[begin]) ++end;
    Group& group = groups[{activation[begin], init[begin]}];
    ++group.runs;
    const size_t output = end - 1;
    if (output >= begin + 2) {
      group.first.push_back(variance[begin + 1]);
      group.last.push_back(variance[output - 1]);
      group.gradient.push_back(delta[begin + 1] - delta[output]);
    }
    begin = end;
  }
  return groups;
}

// The values of a column, each once, shortened.
std::string Distinct(const std::vector<std::string>& values) {
  const std::set<std::string> distinct(values.begin(), values.end());
  std::string text;
  size_t count = 0;
  for (const std::string& value : distinct) {
    if (++count > 6) break;
    text += (text.empty() ? "" : ", ") + value;
  }
  if (distinct.size() > 6) text += fmt::format(", … ({})", distinct.size());
  return text;
}

// The distinct values of each key that has one or more.
std::vector<std::pair<std::string, std::string>> KeyValues(
    const ResultsReader& file, const std::string& group) {
  std::vector<std::pair<std::string, std::string>> lines;
  for (const Key& key : Keys()) {
    const std::string path = group + "/" + std::string(key.name);
    if (!file.Has(path)) continue;
    std::vector<std::string> values;
    const bool coded = !file.Text(path, "flag_meanings").empty();
    if (coded || key.type == KeyType::kText) {
      values = file.Names(path);
    } else {
      const auto numbers = file.Numbers(path);
      const std::set<double> distinct(numbers.begin(), numbers.end());
      std::string text;
      if (distinct.size() > 6) {
        text = fmt::format("{} … {} ({} values)", *distinct.begin(),
                           *distinct.rbegin(), distinct.size());
      } else {
        text = fmt::format("{}", fmt::join(distinct, ", "));
      }
      lines.emplace_back(key.name, text);
      continue;
    }
    const std::string text = Distinct(values);
    if (!text.empty()) lines.emplace_back(key.name, text);
  }
  return lines;
}

constexpr const char* kAttributes[] = {
    "name",         "program_version", "git_commit",
    "command_line", "started_utc",     "host",
    "cpu",          "kernel_target",   "compiler",
    "libraries",
};

void PrintHead(const ResultsReader& file, const std::string& path) {
  fmt::print("{}: initscope results, format {}\n\n", path,
             file.Number("/", "format_version"));
  for (const char* name : kAttributes) {
    const std::string text = file.Text("/", name);
    if (!text.empty()) fmt::print("  {:<18} {}\n", name, text);
  }
}

// Of a file of `attention`: a sweep, or the tensors of the worked example.
int AttentionInfo(const ResultsReader& file, const Options& options) {
  const bool is_sweep = file.Has("/attention");
  const size_t runs = is_sweep ? file.Length("/attention/run") : 1;
  const auto keys = KeyValues(file, "/attention");
  if (options.json) {
    Json json = {{"file", options.files[0]},
                 {"format_version", file.Number("/", "format_version")},
                 {"runs", runs}};
    for (const char* name : kAttributes) json[name] = file.Text("/", name);
    for (const auto& [key, values] : keys) json["keys"][key] = values;
    fmt::print("{}", JsonText(json));
    return 0;
  }
  PrintHead(file, options.files[0]);
  fmt::print("\n  attention: {}\n\n",
             is_sweep ? fmt::format("{} runs", runs)
                      : std::string("one run, every step in /tensors"));
  for (const auto& [key, values] : keys) {
    fmt::print("  {:<18} {}\n", key, values);
  }
  return 0;
}

Json GroupsJson(const Groups& groups) {
  Json json = Json::array();
  for (const auto& [names, group] : groups) {
    json.push_back(
        {{"activation", names.first},
         {"init", names.second},
         {"runs", group.runs},
         {"log10_activation_variance_first_hidden", Median(group.first)},
         {"log10_activation_variance_last_hidden", Median(group.last)},
         {"log10_delta_second_moment_first_over_output",
          Median(group.gradient)}});
  }
  return json;
}

void PrintGroups(const Groups& groups) {
  fmt::print(
      "\nMedians over the runs of each activation and init: activation "
      "variance at the first\nand the last hidden layer, and the second moment "
      "of delta at layer 1 over the output's\n\n");
  fmt::print("  {:<11} {:<24} {:>6} {:>12} {:>12} {:>12}\n", "activation",
             "init", "runs", "first", "last", "delta ratio");
  for (const auto& [names, group] : groups) {
    fmt::print("  {:<11} {:<24} {:>6} {:>12} {:>12} {:>12}\n", names.first,
               names.second, group.runs, PowerText(Median(group.first)),
               PowerText(Median(group.last)),
               PowerText(Median(group.gradient)));
  }
}

}  // namespace

int InfoCommand(const Options& options) {
  if (options.files.empty()) {
    throw UserError(ExitCode::kUsage,
                    "info needs a results file, as 'initscope info "
                    "results/quickstart.h5'");
  }
  const ResultsReader file(options.files[0]);
  if (file.Has("/attention") || (file.Has("/tensors") && !file.Has("/runs"))) {
    return AttentionInfo(file, options);
  }
  // `theory` writes files of predictions alone.
  const bool is_measured = !file.Has("/layers/theory_delta_second_moment") ||
                           file.Has("/layers/delta_second_moment");
  const Groups groups = is_measured ? ReadGroups(file) : Groups();
  const auto run_groups =
      is_measured ? ReadRunGroups(file) : std::vector<RunGroup>();
  const size_t runs = file.Length("/runs/run");
  const size_t rows = file.Length("/layers/row");
  if (options.json) {
    Json json = {{"file", options.files[0]},
                 {"format_version", file.Number("/", "format_version")},
                 {"runs", runs},
                 {"rows", rows}};
    for (const char* name : kAttributes) json[name] = file.Text("/", name);
    for (const auto& [key, values] : KeyValues(file, "/runs")) {
      json["keys"][key] = values;
    }
    json["groups"] = GroupsJson(groups);
    json["verdicts"] = VerdictJson(run_groups);
    fmt::print("{}", JsonText(json));
    return 0;
  }
  PrintHead(file, options.files[0]);
  fmt::print("\n  {} runs, {} rows of layers{}\n\n", runs, rows,
             is_measured ? "" : ", theory alone");
  for (const auto& [key, values] : KeyValues(file, "/runs")) {
    fmt::print("  {:<18} {}\n", key, values);
  }
  if (!is_measured) return 0;
  PrintGroups(groups);
  fmt::print("\nEach group of runs that differ in their seeds alone{}\n\n{}",
             file.Has("/steps") ? ", at step 0" : "", VerdictTable(run_groups));
  return 0;
}

}  // namespace initscope
