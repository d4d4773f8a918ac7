#include "cli/verdict_text.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

#include "cli/group_text.h"
#include "cli/theory_verdict_text.h"

namespace initscope {
namespace {

using Json = nlohmann::ordered_json;

// 10^decades: "1.8 ×", "200 ×", "10^34 ×".
std::string TimesText(double decades) {
  if (decades >= 4) return fmt::format("10^{:.0f} ×", decades);
  const double factor = std::pow(10, decades);
  if (factor < 9.95) return fmt::format("{:.2g} ×", factor);
  const double unit = factor < 995 ? 1 : factor < 9950 ? 10 : 100;
  return fmt::format("{:.0f} ×", std::round(factor / unit) * unit);
}

std::string ShareText(size_t part, size_t whole) {
  return part == whole ? "" : fmt::format(" in {} of {} runs", part, whole);
}

// "delta shrinks 200 × over 20 layers, 1.3 × a layer".
std::string TrendText(const char* name, const Trend& trend) {
  const double decades = std::abs(trend.decades);
  const auto layers = static_cast<double>(trend.layers);
  return fmt::format(
      "{} {} {} over {} layer{}{}", name,
      trend.decades < 0 ? "shrinks" : "grows", TimesText(decades), trend.layers,
      trend.layers == 1 ? "" : "s",
      trend.layers == 1 ? "" : ", " + TimesText(decades / layers) + " a layer");
}

std::string DeadText(const GroupVerdict& v) {
  if (v.dead_runs == 0) {
    return fmt::format("{:.0f} % of layer {}'s units", 100 * v.dead_units.value,
                       v.dead_units.layer);
  }
  return fmt::format(
      "{} 0{} from layer {} {}{}", v.dead_forward ? "pre-activation" : "delta",
      v.dead_by_rounding ? " but for rounding" : "", v.dead_layer,
      v.dead_forward ? "on" : "down", ShareText(v.dead_runs, v.runs));
}

std::string ChangeText(const GroupVerdict& v, int sign) {
  std::vector<std::string> parts;
  if (v.forward.Runs(sign)) {
    parts.push_back(TrendText("pre-activation", v.forward));
  }
  if (v.backward.Runs(sign)) parts.push_back(TrendText("delta", v.backward));
  return fmt::format("{}", fmt::join(parts, "; "));
}

// What stands in brackets behind a finding's name.
std::string DetailsText(const GroupVerdict& v, Finding finding) {
  switch (finding) {
    case Finding::kDead:
      return DeadText(v);
    case Finding::kNotFinite:
      return fmt::format("{} of {} runs", v.non_finite_runs, v.runs);
    case Finding::kIdenticalUnits:
      return fmt::format("from layer {} on{}", v.identical_layer,
                         ShareText(v.identical_runs, v.runs));
    case Finding::kVanishes:
      return ChangeText(v, -1);
    case Finding::kExplodes:
      return ChangeText(v, 1);
    case Finding::kCollapsedSamples:
      return std::isinf(v.collapsed.value)
                 ? fmt::format("parallel from layer {} on", v.collapsed.layer)
                 : fmt::format(
                       "1 - cosine 10^{:.0f}, from layer {} on below "
                       "10^{}",
                       v.collapsed.value, v.collapsed.layer, kCollapsedDecades);
    case Finding::kSparseGradient:
      return fmt::format("delta in {:.2g} % of layer {}'s entries",
                         100 * v.carried.value, v.carried.layer);
    case Finding::kSaturated:
      return fmt::format("{:.0f} % of layer {}'s slopes",
                         100 * v.saturated.value, v.saturated.layer);
    default:
      return "";
  }
}

// Said where nothing else can be.
std::string RatesText(const GroupVerdict& v) {
  if (v.findings.size() > 1 || v.forward.layers == 0) return "";
  return fmt::format(" ({}; {})", TrendText("pre-activation", v.forward),
                     TrendText("delta", v.backward));
}

Json TrendJson(const Trend& trend) {
  return {{"log10_change", trend.decades}, {"over_layers", trend.layers}};
}

std::string_view Name(Finding finding) {
  return kFindingNames[static_cast<size_t>(finding)];
}

Json GroupJson(const GroupVerdict& v) {
  Json json = {{"verdict", Json::array()}, {"details", Json::array()}};
  for (Finding finding : v.findings) {
    json["verdict"].push_back(Name(finding));
    json["details"].push_back(FindingText(v, finding));
  }
  json["text"] = VerdictText(v);
  json["summary"] = SummaryText(v, true);
  json["measured"] = SummaryText(v, false);
  json["seeds"] = v.seeds;
  json["dead_runs"] = v.dead_runs;
  json["dead_by_rounding"] = v.dead_by_rounding;
  json["most_dead_units"] = v.dead_units.value;
  json["most_saturated"] = v.saturated.value;
  json["least_carried"] = v.carried.value;
  json["identical_units_runs"] = v.identical_runs;
  json["non_finite_runs"] = v.non_finite_runs;
  json["forward"] = TrendJson(v.forward);
  json["backward"] = TrendJson(v.backward);
  json["theory"] = ComparisonsJson(v.theory);
  return json;
}

}  // namespace

std::string FindingText(const GroupVerdict& v, Finding finding) {
  switch (finding) {
    case Finding::kDrifts:
    case Finding::kConsistent:
      return TheoryVerdictText(v.theory);
    case Finding::kNoBand:
      return "no band to compare with" + RatesText(v);
    case Finding::kNoTheory:
      return "no theory to compare with" + RatesText(v);
    default:
      return fmt::format("{} ({})", Name(finding), DetailsText(v, finding));
  }
}

std::string SummaryText(const GroupVerdict& v, bool with_theory) {
  std::vector<std::string> parts;
  for (Finding finding : v.findings) {
    if (finding < Finding::kDrifts) {
      parts.push_back(FindingText(v, finding));
    } else if (with_theory) {
      parts.emplace_back(finding == Finding::kConsistent
                             ? "consistent with theory"
                             : Name(finding));
    }
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

std::string VerdictText(const GroupVerdict& v) {
  std::vector<std::string> parts;
  for (Finding finding : v.findings) parts.push_back(FindingText(v, finding));
  return fmt::format("{}", fmt::join(parts, "; "));
}

std::string VerdictTable(const std::vector<RunGroup>& groups) {
  std::vector<std::vector<std::string>> lines;
  size_t counts[std::size(kFindingNames)] = {}, not_judged = 0;
  for (const RunGroup& group : groups) {
    if (group.readings.empty()) {
      ++not_judged;
      lines.push_back({group.medians.empty() ? "no step was recorded"
                                             : "step 0 was not recorded"});
      continue;
    }
    const GroupVerdict verdict = JudgeRuns(group.readings);
    ++counts[static_cast<size_t>(verdict.findings[0])];
    lines.push_back({VerdictText(verdict)});
  }
  std::vector<std::string> totals;
  for (size_t i = 0; i < std::size(counts); ++i) {
    if (counts[i] == 0) continue;
    totals.push_back(fmt::format("{} {}", counts[i], kFindingNames[i]));
  }
  if (not_judged > 0)
    totals.push_back(fmt::format("{} not judged", not_judged));
  return GroupTable(groups, "", lines) +
         fmt::format("\n  {} group{} by what is worst: {}\n", groups.size(),
                     groups.size() == 1 ? "" : "s", fmt::join(totals, ", "));
}

Json VerdictJson(const std::vector<RunGroup>& groups) {
  Json all = Json::array();
  for (const RunGroup& group : groups) {
    Json json = {{"runs", group.readings.size()}};
    json["keys"] = GroupKeysJson(group);
    json["run_indices"] = group.run_indices;
    json["verdict"] = Json::array();
    if (!group.readings.empty()) {
      json.update(GroupJson(JudgeRuns(group.readings)));
    }
    all.push_back(std::move(json));
  }
  return all;
}

}  // namespace initscope
