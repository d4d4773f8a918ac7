#include "cli/verdict_text.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

#include "cli/group_text.h"

namespace initscope {
namespace {

using Json = nlohmann::ordered_json;

// 10^decades: "×0.056", "×1.8", "10^-34".
std::string FactorText(double decades) {
  if (std::abs(decades) >= 3) return fmt::format("10^{:.0f}", decades);
  return fmt::format("×{:.2g}", std::pow(10, decades));
}

std::string ShareText(size_t part, size_t whole) {
  return part == whole ? "" : fmt::format(" in {} of {} runs", part, whole);
}

std::string DeadText(const GroupVerdict& v) {
  if (v.dead_runs == 0) {
    return fmt::format("dead ({:.0f} % of layer {}'s units)",
                       100 * v.dead_units.value, v.dead_units.layer);
  }
  return fmt::format("dead ({} 0 from layer {} {}{})",
                     v.dead_forward ? "pre-activation" : "delta", v.dead_layer,
                     v.dead_forward ? "on" : "down",
                     ShareText(v.dead_runs, v.runs));
}

std::string ChangeText(const GroupVerdict& v, int sign) {
  std::vector<std::string> parts;
  const auto add = [&](const char* name, const DirectionVerdict& direction) {
    if (!direction.Runs(sign)) return;
    parts.push_back(fmt::format(
        "{} {} a layer, {} over {} layers", name,
        FactorText(direction.decades / static_cast<double>(direction.layers)),
        FactorText(direction.decades), direction.layers));
  };
  add("pre-activation", v.forward);
  add("delta", v.backward);
  if (sign > 0 && v.non_finite_runs > 0) {
    parts.push_back("not finite" + ShareText(v.non_finite_runs, v.runs));
  }
  return fmt::format("{} ({})", sign < 0 ? "vanishes" : "explodes",
                     fmt::join(parts, "; "));
}

std::string ScoreText(const char* name, const DirectionVerdict& direction) {
  return fmt::format("{} z {:.1f} at layer {}, ±{:.1f} allowed", name,
                     direction.z.value, direction.z.layer, direction.bound);
}

std::string TheoryText(const GroupVerdict& v) {
  std::vector<std::string> parts, consistent;
  for (const auto& [name, direction] :
       {std::pair("forward", &v.forward), std::pair("backward", &v.backward)}) {
    if (direction->outside > 0) {
      parts.push_back(fmt::format(
          "drifts at layer {}{} ({}, {} of theory)", direction->drift,
          direction->stays ? "" : " and comes back",
          ScoreText(name, *direction), FactorText(direction->ratio)));
    } else if (direction->rows > 0) {
      consistent.push_back(ScoreText(name, *direction));
    }
  }
  if (!consistent.empty()) {
    parts.push_back(fmt::format("consistent with theory ({})",
                                fmt::join(consistent, "; ")));
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

// Said where nothing else can be.
std::string RatesText(const GroupVerdict& v) {
  if (v.findings.size() > 1 || v.forward.layers == 0) return "";
  const auto rate = [](const DirectionVerdict& direction) {
    return FactorText(direction.decades /
                      static_cast<double>(direction.layers));
  };
  return fmt::format(" (pre-activation {}, delta {} a layer)", rate(v.forward),
                     rate(v.backward));
}

Json DirectionJson(const DirectionVerdict& direction) {
  Json json = {{"log10_change", direction.decades},
               {"over_layers", direction.layers},
               {"rows_compared", direction.rows}};
  if (direction.rows == 0) return json;
  json["z"] = direction.z.value;
  json["z_allowed"] = direction.bound;
  json["layer"] = direction.z.layer;
  json["log10_measured_over_theory"] = direction.ratio;
  json["rows_outside"] = direction.outside;
  if (direction.outside > 0) json["drifts_at_layer"] = direction.drift;
  return json;
}

}  // namespace

std::string VerdictText(const GroupVerdict& v) {
  std::vector<std::string> parts;
  for (Finding finding : v.findings) {
    switch (finding) {
      case Finding::kDead:
        parts.push_back(DeadText(v));
        break;
      case Finding::kVanishes:
        parts.push_back(ChangeText(v, -1));
        break;
      case Finding::kExplodes:
        parts.push_back(ChangeText(v, 1));
        break;
      case Finding::kSaturated:
        parts.push_back(fmt::format("saturated ({:.0f} % of layer {}'s slopes)",
                                    100 * v.saturated.value,
                                    v.saturated.layer));
        break;
      case Finding::kDrifts:
      case Finding::kConsistent:
        parts.push_back(TheoryText(v));
        break;
      case Finding::kNoTheory:
        parts.push_back("no theory to compare with" + RatesText(v));
        break;
    }
  }
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
    json["verdict"] = Json::array();
    if (!group.readings.empty()) {
      const GroupVerdict verdict = JudgeRuns(group.readings);
      for (Finding finding : verdict.findings) {
        json["verdict"].push_back(kFindingNames[static_cast<size_t>(finding)]);
      }
      json["text"] = VerdictText(verdict);
      json["seeds"] = verdict.seeds;
      json["dead_runs"] = verdict.dead_runs;
      json["most_dead_units"] = verdict.dead_units.value;
      json["most_saturated"] = verdict.saturated.value;
      json["forward"] = DirectionJson(verdict.forward);
      json["backward"] = DirectionJson(verdict.backward);
    }
    all.push_back(std::move(json));
  }
  return all;
}

}  // namespace initscope
