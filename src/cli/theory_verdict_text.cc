#include "cli/theory_verdict_text.h"

#include <fmt/format.h>

#include <cmath>
#include <vector>

namespace initscope {
namespace {

using Json = nlohmann::ordered_json;

// "×3.2 of theory", "10^-26 of theory"; of a mean "0.02 above theory".
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

std::string ScoreText(size_t q, const Comparison& found) {
  return fmt::format("{} {} z {:.1f} at layer {}, ±{:.1f} allowed",
                     kComparedQuantities[q].tensor,
                     kComparedQuantities[q].words, found.z.value, found.z.layer,
                     found.bound);
}

std::string DriftText(size_t q, const Comparison& found) {
  return fmt::format("drifts at layer {}{} ({}, {})", found.drift,
                     found.stays ? "" : " and comes back", ScoreText(q, found),
                     DistanceText(kComparedQuantities[q], found.distance));
}

}  // namespace

// A tensor is told by the quantity that is farthest off.
std::string TheoryVerdictText(const Comparisons& theory) {
  std::vector<std::string> drifts, without;
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
      drifts.push_back(DriftText(worst, theory[worst]));
    } else if (best == kComparedCount ||
               theory[worst].part() > theory[best].part()) {
      best = worst;
    }
  }
  std::vector<std::string> parts = drifts;
  if (best < kComparedCount) {
    parts.push_back(fmt::format("{}consistent with theory ({})",
                                drifts.empty() ? "" : "the others ",
                                ScoreText(best, theory[best])));
  }
  if (!without.empty()) {
    parts.push_back(fmt::format("no band for {}", fmt::join(without, ", ")));
  }
  return fmt::format("{}", fmt::join(parts, "; "));
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

}  // namespace initscope
