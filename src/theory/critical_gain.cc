#include "theory/critical_gain.h"

#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "base/error.h"
#include "theory/log_q_grid.h"
#include "theory/zero.h"

namespace initscope {
namespace {

// Of log(E f²/(q E f'²)): rounding, and the tables' error.
constexpr double kExcessNoise = 1e-12;
// log χ_q this near to 0 is half-stable: what nine digits of σ_b² can say.
constexpr double kHalfStable = 1e-8;

// (σ_b² − (q − E f²/E f'²))/q, whose zeros are the critical points.
class Excess {
 public:
  Excess(const ActivationMeans& means, double bias_variance)
      : means_(means), log_bias_(std::log(bias_variance)) {}

  double At(double log_q) const {
    const MeanValues values = means_.ValuesAt(log_q);
    const double log_ratio =
        values[static_cast<size_t>(Mean::kLogSquare)] -
        values[static_cast<size_t>(Mean::kLogSlopeSquare)] - log_q;
    return std::exp(log_bias_ - log_q) + std::expm1(log_ratio);
  }

  int SignAt(double log_q) const {
    const double excess = At(log_q);
    return excess > kExcessNoise ? 1 : excess < -kExcessNoise ? -1 : 0;
  }

 private:
  const ActivationMeans& means_;
  const double log_bias_;
};

Stability StabilityAt(const MeansAt& at, double weight_variance, double log_q) {
  const double chi_q = weight_variance *
                       std::exp(at[Mean::kLogSquare] - log_q) *
                       at.First(Mean::kLogSquare);
  const double log_chi = std::log(chi_q);
  return log_chi < -kHalfStable  ? Stability::kStable
         : log_chi > kHalfStable ? Stability::kUnstable
                                 : Stability::kHalfStable;
}

CriticalPoint PointAt(const ActivationMeans& means, double log_q) {
  const MeansAt at = means.At(log_q);
  const double weight_variance = std::exp(-at[Mean::kLogSlopeSquare]);
  return {weight_variance, log_q, StabilityAt(at, weight_variance, log_q)};
}

// The fixed point q = 0 or ∞, log q = ∓∞, if it is critical with such weights.
std::optional<Attractor> CriticalEnd(const ActivationMeans& means,
                                     const LayerVariances& variances,
                                     double log_q) {
  const FixedPoints found = FindFixedPoints(means, variances);
  for (const auto* points : {&found.attractors, &found.repellers}) {
    for (const Attractor& at : *points) {
      if (at.log_q == log_q && at.phase == Phase::kCritical) return at;
    }
  }
  return std::nullopt;
}

}  // namespace

std::vector<CriticalPoint> CriticalPoints(const ActivationMeans& means,
                                          double bias_variance) {
  INITSCOPE_CHECK(bias_variance >= 0 && std::isfinite(bias_variance));
  const Excess excess(means, bias_variance);
  std::vector<CriticalPoint> points;
  if (bias_variance == 0 && means.activation().homogeneous) {
    CriticalPoint point = PointAt(means, 0);
    point.stability = Stability::kStable;
    return {point};
  }
  const auto add_end = [&](double log_q) {
    const double end = log_q < 0 ? -kLogQBend : kLogQBend;
    const double weight_variance = PointAt(means, end).weight_variance;
    if (const auto at =
            CriticalEnd(means, {weight_variance, bias_variance}, log_q)) {
      points.push_back({weight_variance, log_q, at->stability});
    }
  };
  if (bias_variance == 0 && excess.SignAt(-kLogQBend) == 0) add_end(-HUGE_VAL);
  int before = 0;
  double where = 0;
  for (double log_q : LogQGrid([&](double at) { return excess.At(at); })) {
    const int sign = excess.SignAt(log_q);
    if (sign == 0) continue;
    if (before * sign < 0) {
      points.push_back(PointAt(
          means,
          ZeroBetween([&](double at) { return excess.At(at); }, where, log_q)));
    }
    before = sign;
    where = log_q;
  }
  add_end(HUGE_VAL);
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
