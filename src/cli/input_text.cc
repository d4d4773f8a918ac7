#include "cli/input_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/quoted_text.h"
#include "cli/say.h"
#include "io/byte_source.h"
#include "spec/input_data.h"

namespace initscope {
namespace {

// What the text and the JSON of one data set contain.
struct InputReport {
  const InputData* data;
  InputSummary summary;
  std::map<int32_t, size_t> labels;  // label -> number of samples
  std::vector<std::string> notes;
};

std::string ClassName(const InputData& data, int32_t label) {
  if (data.class_names.empty()) return std::to_string(label);
  return fmt::format("{} = {}", label,
                     Quoted(data.class_names[static_cast<size_t>(label)]));
}

// A note if some label from 0 to the largest is missing: labels 1 … K make K +
// 1 outputs, one of which is never a target. Else "".
std::string GapNote(const std::map<int32_t, size_t>& labels) {
  const size_t outputs = static_cast<size_t>(labels.rbegin()->first) + 1;
  if (labels.size() == outputs) return "";
  std::vector<std::string> kept;
  for (const auto& [label, count] : labels) {
    kept.push_back(std::to_string(label));
    if (kept.size() == 100) break;
  }
  return fmt::format(
      "these {} classes give {} outputs, 0 … {}; classes = {}{} renumbers them",
      labels.size(), outputs, outputs - 1, fmt::join(kept, ","),
      kept.size() < labels.size() ? ",…" : "");
}

std::vector<InputReport> Reports(const Experiment& experiment) {
  std::vector<InputReport> reports;
  for (size_t i = 0; i < experiment.inputs.size(); ++i) {
    const InputData& data = *experiment.inputs[i];
    InputReport report = {&data, Summarize(data), CountLabels(data), {}};
    if (!data.bytes.empty()) {
      report.notes.push_back("bytes (uint8) are divided by 255");
    }
    if (!report.labels.empty() && experiment.with_all_classes.contains(i)) {
      const std::string note = GapNote(report.labels);
      if (!note.empty()) report.notes.push_back(note);
    }
    report.notes.insert(report.notes.end(), data.notes.begin(),
                        data.notes.end());
    reports.push_back(std::move(report));
  }
  return reports;
}

}  // namespace

std::string InputText(const Experiment& experiment) {
  constexpr size_t kMostClasses = 20;
  std::string text;
  for (const InputReport& report : Reports(experiment)) {
    const InputData& data = *report.data;
    text += fmt::format("input     {}: {} samples × {} features",
                        QuotedPath(data.name), data.samples, data.width);
    if (data.shape.size() > 2) {
      text += fmt::format(
          " ({})",
          Listed(std::vector<size_t>(data.shape.begin() + 1, data.shape.end()),
                 " × "));
    }
    text += fmt::format(", mean {:.4g}, standard deviation {:.4g}\n",
                        report.summary.mean, report.summary.standard_deviation);
    if (!report.labels.empty()) {
      text += fmt::format("          {} classes: ", report.labels.size());
      size_t shown = 0;
      for (const auto& [label, count] : report.labels) {
        if (shown == kMostClasses) {
          text += ", …";
          break;
        }
        text += fmt::format("{}{} ({})", shown++ > 0 ? ", " : "",
                            ClassName(data, label), count);
      }
      text += "\n";
    }
    for (const std::string& note : report.notes) {
      text += fmt::format("          {}\n", note);
    }
  }
  return text;
}

nlohmann::ordered_json InputJson(const Experiment& experiment) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const InputReport& report : Reports(experiment)) {
    const InputData& data = *report.data;
    nlohmann::ordered_json classes = nlohmann::ordered_json::array();
    for (const auto& [label, count] : report.labels) {
      classes.push_back({{"label", label}, {"samples", count}});
      if (!data.class_names.empty()) {
        classes.back()["name"] =
            Quoted(data.class_names[static_cast<size_t>(label)]);
      }
    }
    json.push_back({{"path", data.name},
                    {"samples", data.samples},
                    {"features", data.width},
                    {"shape", data.shape},
                    {"mean", report.summary.mean},
                    {"standard_deviation", report.summary.standard_deviation},
                    {"divided_by_255", !data.bytes.empty()},
                    {"classes", classes},
                    {"notes", report.notes}});
  }
  return json;
}

void PrintInputs(const Experiment& experiment, const Options& options) {
  if (!options.quiet) Say("{}", InputText(experiment));
}

}  // namespace initscope
