#include "theory/fixed_point.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "theory/log_sum.h"
#include "theory/zero.h"

namespace initscope {
namespace {

// Error of log(q'/q), from rounding and from the tables, and of its slope.
constexpr double kNoise = 1e-12, kSlopeNoise = 1e-10;
// log q of every double is between these.
constexpr double kLowest = -744, kHighest = 709;
// Extrema of log(q'/q) near 0 are searched within ½ kLogQStep of places where
// |log(q'/q)| < kNear; its second derivative is below 2.
constexpr double kNear = 4e-3;
constexpr int kSubsteps = 32;  // silu's extrema may be 0.014 apart

Phase PhaseAt(double chi_1) {
  constexpr Phase kPhases[] = {Phase::kOrdered, Phase::kCritical,
                               Phase::kChaotic};
  return kPhases[1 + SignBeyond(kCriticalWidth, std::log(chi_1))];
}

// What a layer does to log q.
class LayerMap {
 public:
  LayerMap(const ActivationMeans& means, const LayerVariances& variances)
      : means_(means),
        weight_(variances.weight),
        log_weight_(std::log(variances.weight)),
        log_bias_(std::log(variances.bias)) {}

  // log(q'/q)
  double Growth(double log_q) const {
    return Next(means_.ValuesAt(log_q)[Mean::kLogSquare]) - log_q;
  }
  // Its derivative with respect to log q.
  double GrowthSlope(double log_q) const { return Slope(means_.At(log_q)) - 1; }

  // The fixed point at log_q.
  Attractor At(double log_q, Stability stability = Stability::kStable) const {
    const MeansAt at = means_.At(log_q);
    const double chi_1 = weight_ * std::exp(at[Mean::kLogSlopeSquare]);
    return {std::exp(log_q), log_q,          chi_1,
            Slope(at),       PhaseAt(chi_1), stability};
  }

  // The fixed point 0 or ∞: the limits are reached at log_q = kLowest or
  // kHighest.
  Attractor AtEnd(double log_q,
                  Stability stability = Stability::kStable) const {
    Attractor end = At(log_q, stability);
    end.chi_q = std::exp(Growth(log_q));
    end.q = log_q < 0 ? 0 : HUGE_VAL;
    end.log_q = log_q < 0 ? -HUGE_VAL : HUGE_VAL;
    return end;
  }

  // Without biases and with f(0) = 0, q = 0 is a fixed point.
  bool HasFixedZero() const {
    return log_bias_ == -HUGE_VAL &&
           means_.At(kLowest).First(Mean::kLogSquare) > 0.5;
  }

 private:
  double Next(double log_square) const {
    return LogSum(log_weight_ + log_square, log_bias_);
  }
  // d log q'/d log q, which is χ_q at a fixed point.
  double Slope(const MeansAt& at) const {
    const double next = Next(at[Mean::kLogSquare]);
    if (next == -HUGE_VAL) return 0;
    return std::exp(log_weight_ + at[Mean::kLogSquare] - next) *
           at.First(Mean::kLogSquare);
  }

  const ActivationMeans& means_;
  const double weight_, log_weight_, log_bias_;
};

// Where log(q'/q) has extrema near 0, ascending.
std::vector<double> ExtremaNearZero(const LayerMap& map,
                                    const std::vector<double>& grid) {
  std::vector<double> extrema, places;
  const auto search = [&] {
    const auto slope = [&](double log_q) { return map.GrowthSlope(log_q); };
    const auto found = ZerosAlong(places, kSlopeNoise, slope);
    extrema.insert(extrema.end(), found.begin(), found.end());
    places.clear();
  };
  for (double middle : grid) {
    if (!(std::abs(map.Growth(middle)) < kNear) ||
        std::abs(middle) >= kLogQFine) {
      search();
      continue;
    }
    for (int i = 0; i <= kSubsteps; ++i) {
      places.push_back(middle +
                       kLogQStep * (static_cast<double>(i) / kSubsteps - 0.5));
    }
  }
  search();
  return extrema;
}

FixedPoints::Kind KindOf(const std::vector<Attractor>& attractors) {
  using Kind = FixedPoints::Kind;
  if (attractors.size() > 1) return Kind::kSeveral;
  if (attractors[0].q == 0) return Kind::kZero;
  return std::isinf(attractors[0].q) ? Kind::kInfinity : Kind::kOne;
}

}  // namespace

double Attractor::QDepth() const {
  const bool settles = q < HUGE_VAL && std::log(chi_q) < -kCriticalWidth;
  return settles ? -1 / std::log(chi_q) : HUGE_VAL;
}

FixedPoints FindFixedPoints(const ActivationMeans& means,
                            const LayerVariances& variances) {
  INITSCOPE_CHECK(variances.weight >= 0 && std::isfinite(variances.weight));
  INITSCOPE_CHECK(variances.bias >= 0 && std::isfinite(variances.bias));
  const LayerMap map(means, variances);
  const auto growth = [&](double log_q) { return map.Growth(log_q); };
  // Between two places, log(q'/q) has at most one zero.
  std::vector<double> grid = LogQGrid(growth);
  const std::vector<double> extrema = ExtremaNearZero(map, grid);
  grid.insert(grid.end(), extrema.begin(), extrema.end());
  grid.insert(grid.end(), {kLowest, kHighest});
  std::ranges::sort(grid);
  std::vector<Attractor> stable, others;
  int before = 0;    // whether q grew at the last place that shows it
  double where = 0;  // log q there
  for (double log_q : grid) {
    const double value = growth(log_q);
    if (std::abs(value) <= kTouching &&
        std::ranges::binary_search(extrema, log_q)) {
      others.push_back(map.At(log_q, Stability::kHalfStable));
      continue;
    }
    const int sign = SignBeyond(kNoise, value);
    if (sign == 0) continue;
    if (before == 0 && sign < 0) {
      stable.push_back(map.AtEnd(kLowest));
    } else if (before == 0 && map.HasFixedZero()) {
      others.push_back(map.AtEnd(kLowest, Stability::kUnstable));
    } else if (before > 0 && sign < 0) {
      stable.push_back(map.At(ZeroBetween(growth, where, log_q)));
    } else if (before < 0 && sign > 0) {
      others.push_back(
          map.At(ZeroBetween(growth, where, log_q), Stability::kUnstable));
    }
    before = sign;
    where = log_q;
  }
  if (before == 0) return {FixedPoints::Kind::kEvery, {map.At(0)}, {}};
  if (before > 0) stable.push_back(map.AtEnd(kHighest));
  return {KindOf(stable), std::move(stable), std::move(others)};
}

std::string_view StabilityName(Stability stability) {
  constexpr std::string_view kNames[] = {"stable", "half-stable", "unstable"};
  return kNames[static_cast<size_t>(stability)];
}

std::string FixedPoints::Text() const {
  const double per_layer = attractors[0].chi_q;
  const std::string pace =
      std::abs(std::log(per_layer)) < kCriticalWidth
          ? "as a power of depth"
          : fmt::format("by a factor {:.6g} per layer", per_layer);
  switch (kind) {
    case Kind::kOne:
      return fmt::format("q settles at {:.6g}", attractors[0].q);
    case Kind::kZero:
      return "q falls to 0, " + pace;
    case Kind::kInfinity:
      return "q grows without end, " + pace;
    case Kind::kSeveral: {
      std::vector<double> q;
      for (const Attractor& attractor : attractors) q.push_back(attractor.q);
      return fmt::format("q goes to {:.6g}, by where it begins",
                         fmt::join(q, " or "));
    }
    case Kind::kEvery:
      break;
  }
  return "q stays what it is";
}

}  // namespace initscope
