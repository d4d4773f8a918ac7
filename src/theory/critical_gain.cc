#include "theory/critical_gain.h"

#include <fmt/format.h>

#include <cmath>

#include "base/error.h"
#include "theory/zero.h"

namespace initscope {
namespace {

// Error of log(E f²/(q E f'²)), from rounding and from the tables.
constexpr double kExcessNoise = 1e-12;
// |log χ_q| below this is half-stable: nine digits of σ_b² cannot tell more.
constexpr double kHalfStable = 1e-8;

CriticalPoint PointAt(const ActivationMeans& means, double log_q) {
  const MeansAt at = means.At(log_q);
  const double weight_variance = std::exp(-at[Mean::kLogSlopeSquare]);
  const double chi_q = weight_variance *
                       std::exp(at[Mean::kLogSquare] - log_q) *
                       at.First(Mean::kLogSquare);
  constexpr Stability kStabilities[] = {
      Stability::kStable, Stability::kHalfStable, Stability::kUnstable};
  return {weight_variance, log_q,
          kStabilities[1 + SignBeyond(kHalfStable, std::log(chi_q))]};
}

// Adds q* = 0 or ∞ (log_q = −∞ or ∞) if that is a critical fixed point.
void AddEnd(const ActivationMeans& means, double bias_variance, double log_q,
            std::vector<CriticalPoint>* points) {
  const double weight_variance =
      PointAt(means, log_q < 0 ? -kLogQBend : kLogQBend).weight_variance;
  const FixedPoints found =
      FindFixedPoints(means, {weight_variance, bias_variance});
  for (const auto* of_kind : {&found.attractors, &found.repellers}) {
    for (const Attractor& at : *of_kind) {
      if (at.log_q != log_q || at.phase != Phase::kCritical) continue;
      points->push_back({weight_variance, log_q, at.stability});
    }
  }
}

}  // namespace

std::vector<CriticalPoint> CriticalPoints(const ActivationMeans& means,
                                          double bias_variance) {
  INITSCOPE_CHECK(bias_variance >= 0 && std::isfinite(bias_variance));
  if (bias_variance == 0 && means.activation().homogeneous) {
    CriticalPoint point = PointAt(means, 0);
    point.stability = Stability::kStable;
    return {point};
  }
  // (σ_b² − (q − E f²/E f'²))/q, whose zeros are the critical points.
  const auto excess = [&, log_bias = std::log(bias_variance)](double log_q) {
    const MeanValues values = means.ValuesAt(log_q);
    const double log_ratio =
        values[Mean::kLogSquare] - values[Mean::kLogSlopeSquare] - log_q;
    return std::exp(log_bias - log_q) + std::expm1(log_ratio);
  };
  std::vector<CriticalPoint> points;
  if (bias_variance == 0 && SignBeyond(kExcessNoise, excess(-kLogQBend)) == 0) {
    AddEnd(means, bias_variance, -HUGE_VAL, &points);
  }
  for (double log_q : ZerosAlong(LogQGrid(excess), kExcessNoise, excess)) {
    points.push_back(PointAt(means, log_q));
  }
  AddEnd(means, bias_variance, HUGE_VAL, &points);
  return points;
}

bool CriticalPoint::IsCritical() const {
  return log_q < HUGE_VAL && stability != Stability::kUnstable;
}

std::string CriticalPoint::Text() const {
  if (log_q == HUGE_VAL) {
    return fmt::format(
        "not critical at σ_w² = {:.6g}, where χ_1 = 1 but q grows without end",
        weight_variance);
  }
  std::string where = fmt::format("critical at σ_w² = {:.6g}", weight_variance);
  if (stability == Stability::kStable) return where;
  return fmt::format("{}, q = {:.6g} ({})", where, std::exp(log_q),
                     StabilityName(stability));
}

}  // namespace initscope
