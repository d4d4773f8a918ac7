#include "cli/verdict_text.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

#include "cli/group_text.h"
#include "report/verdict.h"

namespace initscope {
namespace {

using Json = nlohmann::ordered_json;

// 10^decades as a factor: "1.8 ×", "200 ×", "10^34 ×".
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

// The details in brackets after a finding's name.
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

// The trends, for groups with no other finding.
std::string RatesText(const GroupVerdict& v) {
  if (v.findings.size() > 1 || v.forward.layers == 0) return "";
  return fmt::format(" ({}; {})", TrendText("pre-activation", v.forward),
                     TrendText("delta", v.backward));
}

// "×3.2 of theory", "10^-26 of theory"; for a mean "0.02 above theory".
std::string DistanceText(const ComparedQuantity& quantity, double distance) {
  if (!quantity.is_log10) {
    return fmt::format("{:.2g} {} theory", std::abs(distance),
                       distance < 0 ? "below" : "above");
  }
  return (std::abs(distance) >= 3
              ? fmt::format("10^{:.0f}", distance)
              : fmt::format("×{:.2g}", std::pow(10, distance))) +
         " of theory";
}

std::string ScoreText(const ComparedQuantity& quantity,
                      const Comparison& found) {
  return fmt::format("{} {} z {:.1f} at layer {}, ±{:.1f} allowed",
                     quantity.tensor, quantity.words, found.z.value,
                     found.z.layer, found.bound);
}

std::string DriftText(const ComparedQuantity& quantity,
                      const Comparison& found) {
  return fmt::format("drifts at layer {}{} ({}, {})", found.drift,
                     found.stays ? "" : " and comes back",
                     ScoreText(quantity, found),
                     DistanceText(quantity, found.distance));
}

// Which tensors drift and from where, which agree, and which have no band. The
// quantity that is farthest from its theory stands for its tensor.
std::string TheoryText(const Comparisons& theory) {
  std::vector<std::string> parts, without;
  size_t best = kComparedCount;  // the worst of what agrees
  for (size_t begin = 0, end; begin < kComparedCount; begin = end) {
    const std::string_view tensor = kComparedQuantities[begin].tensor;
    size_t worst = begin, rows = 0;
    for (end = begin;
         end < kComparedCount && kComparedQuantities[end].tensor == tensor;
         ++end) {
      rows += theory[end].rows;
      if (theory[end].part() > theory[worst].part() ||
          theory[worst].rows == 0) {
        worst = end;
      }
    }
    if (rows == 0) {
      without.emplace_back(tensor);
    } else if (theory[worst].outside > 0) {
      parts.push_back(DriftText(kComparedQuantities[worst], theory[worst]));
    } else if (best == kComparedCount ||
               theory[worst].part() > theory[best].part()) {
      best = worst;
    }
  }
  if (best < kComparedCount) {
    parts.push_back(fmt::format(
        "{}consistent with theory ({})", parts.empty() ? "" : "the others ",
        ScoreText(kComparedQuantities[best], theory[best])));
  }
  if (!without.empty()) {
    parts.push_back(fmt::format("no band for {}", fmt::join(without, ", ")));
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

std::string_view Name(Finding finding) {
  return kFindingNames[static_cast<size_t>(finding)];
}

// "vanishes (delta shrinks 10^34 × over 27 layers)".
std::string FindingText(const GroupVerdict& v, Finding finding) {
  switch (finding) {
    case Finding::kDrifts:
    case Finding::kConsistent:
      return TheoryText(v.theory);
    case Finding::kNoBand:
      return "no band to compare with" + RatesText(v);
    case Finding::kNoTheory:
      return "no theory to compare with" + RatesText(v);
    default:
      return fmt::format("{} ({})", Name(finding), DetailsText(v, finding));
  }
}

// All findings, for figures and tables: the comparison with theory without its
// numbers, or left out.
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

// Each finding with its details.
std::vector<std::string> FindingTexts(const GroupVerdict& v) {
  std::vector<std::string> texts;
  for (Finding finding : v.findings) texts.push_back(FindingText(v, finding));
  return texts;
}

Json TrendJson(const Trend& trend) {
  return {{"log10_change", trend.decades}, {"over_layers", trend.layers}};
}

Json ComparisonsJson(const Comparisons& theory) {
  Json all = Json::array();
  for (size_t q = 0; q < kComparedCount; ++q) {
    const Comparison& found = theory[q];
    if (!found.has_theory) continue;
    Json json = {{"column", std::string(kComparedQuantities[q].column)},
                 {"rows_compared", found.rows}};
    if (found.rows > 0) {
      json["z"] = found.z.value;
      json["z_allowed"] = found.bound;
      json["layer"] = found.z.layer;
      json[kComparedQuantities[q].is_log10 ? "log10_measured_over_theory"
                                           : "measured_minus_theory"] =
          found.distance;
      json["rows_outside"] = found.outside;
    }
    if (found.outside > 0) json["drifts_at_layer"] = found.drift;
    all.push_back(std::move(json));
  }
  return all;
}

Json GroupJson(const GroupVerdict& v) {
  Json names = Json::array();
  for (Finding finding : v.findings) names.push_back(Name(finding));
  const std::vector<std::string> texts = FindingTexts(v);
  return {{"verdict", names},
          {"details", texts},
          {"text", fmt::format("{}", fmt::join(texts, "; "))},
          {"summary", SummaryText(v, true)},
          {"measured", SummaryText(v, false)},
          {"seeds", v.seeds},
          {"dead_runs", v.dead_runs},
          {"dead_by_rounding", v.dead_by_rounding},
          {"most_dead_units", v.dead_units.value},
          {"most_saturated", v.saturated.value},
          {"least_carried", v.carried.value},
          {"identical_units_runs", v.identical_runs},
          {"non_finite_runs", v.non_finite_runs},
          {"forward", TrendJson(v.forward)},
          {"backward", TrendJson(v.backward)},
          {"theory", ComparisonsJson(v.theory)}};
}

}  // namespace

std::string VerdictTable(const std::vector<RunGroup>& groups) {
  std::vector<std::vector<std::string>> lines;
  size_t counts[std::size(kFindingNames)] = {}, not_judged = 0;
  for (const RunGroup& group : groups) {
    if (group.readings.empty()) {
      ++not_judged;
      lines.push_back({group.failed == group.runs ? "failed"
                       : group.medians.empty()    ? "no step was recorded"
                                                  : "step 0 was not recorded"});
      continue;
    }
    const GroupVerdict verdict = JudgeRuns(group.readings);
    ++counts[static_cast<size_t>(verdict.findings[0])];
    lines.push_back(
        {fmt::format("{}", fmt::join(FindingTexts(verdict), "; "))});
  }
  std::vector<std::string> totals;
  for (size_t i = 0; i < std::size(counts); ++i) {
    if (counts[i] == 0) continue;
    totals.push_back(fmt::format("{} {}", counts[i], kFindingNames[i]));
  }
  if (not_judged > 0) {
    totals.push_back(fmt::format("{} not judged", not_judged));
  }
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

std::string VerdictHelp() {
  const std::string meanings[] = {
      fmt::format("a layer's Z, or its delta below the output, is 0, exactly "
                  "or but for rounding; or more than {:.0f} % of its units "
                  "have slope 0 for every sample",
                  100 * kDeadFraction),
      "some Z or delta is NaN or infinite",
      "all units of a layer have the same Z, for every sample",
      fmt::format("the second moment of Z from layer 2 to L - 1, or of delta "
                  "back again, shrinks {} times or more",
                  kTrendFactor),
      fmt::format("one of these two grows {} times or more", kTrendFactor),
      fmt::format("at the last hidden layer, 1 - cosine of two samples is "
                  "below 10^{}",
                  kCollapsedDecades),
      fmt::format("fewer than {:.0f} % of a layer's entries carry delta, and "
                  "neither dead nor saturated explains why",
                  100 * kSparseFraction),
      fmt::format("more than {:.0f} % of a layer's slopes are below 1 % of "
                  "the largest",
                  100 * kSaturatedFraction),
      fmt::format("a quantity is farther from its theory than chance and the "
                  "theory's own error explain; if the theory is right, this "
                  "happens in one of {:.0f} groups",
                  1 / kFalseAlarms),
      "no quantity drifts, at any layer",
      "there is a theory, but no estimate of how far a draw may be from it",
      "there is no theory, or none was asked for",
  };
  static_assert(std::size(meanings) == std::size(kFindingNames));
  std::string text =
      "The words of a verdict on runs that differ in their seeds alone. Layers "
      "are hidden\nlayers, amounts are means over the runs. The first word is "
      "the most severe.\n";
  for (size_t i = 0; i < std::size(meanings); ++i) {
    text += fmt::format("  {:<18} {}\n", kFindingNames[i], meanings[i]);
  }
  return text;
}

}  // namespace initscope
