#include "cli/group_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/quoted_text.h"
#include "cli/units.h"

namespace initscope {
namespace {

using Json = nlohmann::ordered_json;

// The values of each group's keys, padded to columns.
// REQUIRES: all groups have the same keys.
std::vector<std::string> GroupNames(const std::vector<RunGroup>& groups) {
  std::vector<std::string> names(groups.size());
  for (size_t k = 0; !groups.empty() && k < groups[0].keys.size(); ++k) {
    std::vector<std::string> texts;
    size_t width = 0;
    for (const RunGroup& group : groups) {
      const auto& [key, value] = group.keys[k];
      const bool speaks = key == "activation" || key == "init" || key == "loss";
      texts.push_back(Printable(speaks ? value : key + " " + value));
      width = std::max(width, texts.back().size());
    }
    for (size_t i = 0; i < groups.size(); ++i) {
      names[i] += fmt::format("{:<{}}  ", texts[i], width);
    }
  }
  return names;
}

// "loss 2.31 → 0.45", or "loss 2.31" if no run has a last loss.
std::string ChangeText(const char* name, double first, double last) {
  return fmt::format("{} {:.4g}", name, first) +
         (std::isnan(last) ? "" : fmt::format(" → {:.4g}", last));
}

std::string TrainingText(const RunGroup& group) {
  const GroupTraining& t = *group.training;
  std::string text = ChangeText("loss", t.first_loss, t.last_loss);
  if (!std::isnan(t.first_accuracy)) {
    text += ", " + ChangeText("accuracy", t.first_accuracy, t.last_accuracy);
  }
  if (t.diverged < group.runs) text += fmt::format(" in {} steps", t.steps);
  if (t.diverged == 0) return text;
  text += fmt::format("; {} of {} run{} diverged at step {}", t.diverged,
                      group.runs, group.runs == 1 ? "" : "s", t.first_diverged);
  if (t.last_diverged > t.first_diverged) {
    text += fmt::format(" … {}", t.last_diverged);
  }
  return text;
}

}  // namespace

std::string GroupTable(const std::vector<RunGroup>& groups,
                       const std::string& heading,
                       const std::vector<std::vector<std::string>>& lines) {
  const std::vector<std::string> names = GroupNames(groups);
  std::string text;
  if (!heading.empty() && !names.empty()) {
    text = fmt::format("  {:<{}}{}\n", "", names[0].size(), heading);
  }
  constexpr size_t kMostGroups = 40;
  const size_t shown = std::min(groups.size(), kMostGroups);
  for (size_t i = 0; i < shown; ++i) {
    for (const std::string& line : lines[i]) {
      text += fmt::format("  {}{}\n", names[i], line);
    }
  }
  if (groups.size() > shown) {
    text += fmt::format("  … and {} more groups, which --json shows\n",
                        groups.size() - shown);
  }
  return text;
}

Json GroupKeysJson(const RunGroup& group) {
  Json json = Json::object();
  for (const auto& [key, value] : group.keys) json[key] = Printable(value);
  return json;
}

std::string MediansTable(const std::vector<RunGroup>& groups) {
  const auto row = [](const auto&... texts) {
    return fmt::format("{:>6} {:>8} {:>12} {:>12} {:>12}", texts...);
  };
  std::vector<std::vector<std::string>> lines;
  for (const RunGroup& group : groups) {
    std::vector<std::string>& of_group = lines.emplace_back();
    for (const LayerMedians& medians : group.medians) {
      of_group.push_back(row(
          medians.runs, medians.step, PowerText(medians.first_variance),
          PowerText(medians.last_variance), PowerText(medians.delta_ratio)));
    }
  }
  return GroupTable(groups, row("runs", "step", "first", "last", "delta ratio"),
                    lines);
}

Json MediansJson(const std::vector<RunGroup>& groups) {
  Json all = Json::array();
  for (const RunGroup& group : groups) {
    for (const LayerMedians& medians : group.medians) {
      const Json keys = GroupKeysJson(group);
      Json json = {{"activation", keys["activation"]},
                   {"init", keys["init"]},
                   {"keys", keys}};
      json["runs"] = medians.runs;
      json["step"] = medians.step;
      json["log10_activation_variance_first_hidden"] = medians.first_variance;
      json["log10_activation_variance_last_hidden"] = medians.last_variance;
      json["log10_delta_second_moment_first_over_output"] = medians.delta_ratio;
      all.push_back(std::move(json));
    }
  }
  return all;
}

std::string TrainingTable(const std::vector<RunGroup>& groups) {
  std::vector<std::vector<std::string>> lines;
  for (const RunGroup& group : groups) {
    lines.emplace_back();
    if (group.training) lines.back().push_back(TrainingText(group));
  }
  return GroupTable(groups, "", lines);
}

Json TrainingJson(const std::vector<RunGroup>& groups) {
  Json all = Json::array();
  for (const RunGroup& group : groups) {
    if (!group.training) continue;
    const GroupTraining& t = *group.training;
    Json json = {{"keys", GroupKeysJson(group)},
                 {"runs", group.runs},
                 {"last_step", t.steps},
                 {"loss_first", t.first_loss},
                 {"loss_last", t.last_loss},
                 {"accuracy_first", t.first_accuracy},
                 {"accuracy_last", t.last_accuracy},
                 {"diverged", t.diverged}};
    if (t.diverged > 0) {
      json["first_diverged_at_step"] = t.first_diverged;
      json["last_diverged_at_step"] = t.last_diverged;
    }
    all.push_back(std::move(json));
  }
  return all;
}

}  // namespace initscope
