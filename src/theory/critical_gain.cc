#include "theory/critical_gain.h"

#include <fmt/format.h>

#include <cmath>

#include "base/error.h"

namespace initscope {
namespace {

// Of log(E f²/(q E f'²)): rounding, and the tables' error.
constexpr double kNoise = 1e-12;
constexpr int kBend = 64;  // beyond e^±kBend every mean is a power of q

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
    return excess > kNoise ? 1 : excess < -kNoise ? -1 : 0;
  }

  // Between places where the signs differ, `a` being the left one's.
  double ZeroBetween(double left, double right, int a) const {
    for (int step = 0; step < 100; ++step) {
      const double middle = (left + right) / 2;
      if (middle == left || middle == right) break;
      (At(middle) * a > 0 ? left : right) = middle;
    }
    return (left + right) / 2;
  }

 private:
  const ActivationMeans& means_;
  const double log_bias_;
};

CriticalPoint PointAt(const ActivationMeans& means, double log_q) {
  return {std::exp(-means.At(log_q)[Mean::kLogSlopeSquare]), log_q};
}

bool IsStable(const ActivationMeans& means, const CriticalPoint& point) {
  const MeansAt at = means.At(point.log_q);
  const double chi_q = point.weight_variance *
                       std::exp(at[Mean::kLogSquare] - point.log_q) *
                       at.First(Mean::kLogSquare);
  return chi_q < 1;
}

// Without biases, q = 0 may be critical, and attract.
bool FallsToZero(const ActivationMeans& means, const CriticalPoint& point) {
  const FixedPoints found = FindFixedPoints(means, {point.weight_variance, 0});
  return found.kind == FixedPoints::Kind::kZero &&
         found.attractors[0].phase == Phase::kCritical;
}

}  // namespace

std::vector<CriticalPoint> CriticalPoints(const ActivationMeans& means,
                                          double bias_variance) {
  INITSCOPE_CHECK(bias_variance >= 0 && std::isfinite(bias_variance));
  const Excess excess(means, bias_variance);
  std::vector<CriticalPoint> points;
  if (bias_variance == 0 && means.activation().homogeneous) {
    return {PointAt(means, 0)};
  }
  if (bias_variance == 0 && excess.SignAt(-kBend) == 0) {
    const CriticalPoint limit = PointAt(means, -kBend);
    if (FallsToZero(means, limit)) {
      points.push_back({limit.weight_variance, -HUGE_VAL});
    }
  }
  int before = 0, where = 0;
  for (int log_q = -kBend; log_q <= kBend; ++log_q) {
    const int sign = excess.SignAt(log_q);
    if (sign == 0) continue;
    if (before * sign < 0) {
      const CriticalPoint point =
          PointAt(means, excess.ZeroBetween(where, log_q, before));
      if (IsStable(means, point)) points.push_back(point);
    }
    before = sign;
    where = log_q;
  }
  return points;
}

std::string CriticalText(const std::vector<CriticalPoint>& points) {
  if (points.empty()) return "no gain is critical with these biases";
  std::vector<double> scales;
  for (const CriticalPoint& point : points) {
    scales.push_back(point.weight_variance);
  }
  return fmt::format("critical at σ_w² = {:.6g}", fmt::join(scales, " or "));
}

}  // namespace initscope
