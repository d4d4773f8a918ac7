#include "theory/fixed_point.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "theory/log_q_grid.h"
#include "theory/log_sum.h"
#include "theory/zero.h"

namespace initscope {
namespace {

// Of log(q'/q): rounding, and the tables' error.
constexpr double kNoise = 1e-12;
// log q of any double is between the two.
constexpr double kLowest = -744, kHighest = 709;
// An extremum of log(q'/q) within ½ kLogQStep of a place that comes near to 0
// is looked for where |log(q'/q)| < kNear; its second derivative is below 2.
constexpr double kNear = 4e-3;
constexpr int kSubsteps = 32;  // silu's extrema may be 0.014 apart
// Of d log(q'/q)/d log q.
constexpr double kSlopeNoise = 1e-10;

// What a layer adds to log q, and q's part in it.
class Growth {
 public:
  Growth(const ActivationMeans& means, const LayerVariances& variances)
      : means_(means),
        log_weight_(std::log(variances.weight)),
        log_bias_(std::log(variances.bias)) {}

  double At(double log_q) const {
    const MeanValues values = means_.ValuesAt(log_q);
    return Next(values[static_cast<size_t>(Mean::kLogSquare)]) - log_q;
  }

  // −1, 0 or 1: whether q falls, stays or grows, where that can be told.
  int SignAt(double log_q) const {
    const double growth = At(log_q);
    return growth > kNoise ? 1 : growth < -kNoise ? -1 : 0;
  }

  // The same of its slope.
  int SlopeSignAt(double log_q) const {
    const double slope = SlopeAt(means_.At(log_q)) - 1;
    return slope > kSlopeNoise ? 1 : slope < -kSlopeNoise ? -1 : 0;
  }

  double Next(double log_square) const {
    return LogSum(log_weight_ + log_square, log_bias_);
  }

  // d log q'/d log q, which at a fixed point is χ_q.
  double SlopeAt(const MeansAt& at) const {
    const double next = Next(at[Mean::kLogSquare]);
    if (next == -HUGE_VAL) return 0;
    return std::exp(log_weight_ + at[Mean::kLogSquare] - next) *
           at.First(Mean::kLogSquare);
  }

  // The zero between a and b, where q grows on one side and falls on the other.
  double ZeroBetween(double a, double b) const {
    return initscope::ZeroBetween([this](double x) { return At(x); }, a, b);
  }

  // The extremum between a and b, where the slopes have different signs.
  double ExtremumBetween(double a, double b) const {
    return initscope::ZeroBetween(
        [this](double x) { return SlopeAt(means_.At(x)) - 1; }, a, b);
  }

 private:
  const ActivationMeans& means_;
  const double log_weight_, log_bias_;
};

// Where log(q'/q) has extrema near to 0, ascending.
std::vector<double> ExtremaNearZero(const Growth& growth,
                                    const std::vector<double>& grid) {
  std::vector<double> extrema;
  int before = 0;
  double where = 0;
  for (double middle : grid) {
    if (!(std::abs(growth.At(middle)) < kNear) ||
        std::abs(middle) >= kLogQFine) {
      before = 0;
      continue;
    }
    for (int i = 0; i <= kSubsteps; ++i) {
      const double log_q =
          middle + kLogQStep * (static_cast<double>(i) / kSubsteps - 0.5);
      const int sign = growth.SlopeSignAt(log_q);
      if (sign == 0) continue;
      if (before * sign < 0) {
        extrema.push_back(growth.ExtremumBetween(where, log_q));
      }
      before = sign;
      where = log_q;
    }
  }
  return extrema;
}

Phase PhaseAt(double chi_1) {
  const double log_chi = std::log(chi_1);
  return log_chi < -kCriticalWidth  ? Phase::kOrdered
         : log_chi > kCriticalWidth ? Phase::kChaotic
                                    : Phase::kCritical;
}

Attractor MakeAttractor(const ActivationMeans& means,
                        const LayerVariances& variances, double log_q) {
  const MeansAt at = means.At(log_q);
  const double chi_1 = variances.weight * std::exp(at[Mean::kLogSlopeSquare]);
  const double chi_q = Growth(means, variances).SlopeAt(at);
  return {std::exp(log_q), log_q, chi_1, chi_q, PhaseAt(chi_1)};
}

// q = 0 or ∞: what holds at the far end of the logarithm.
Attractor AtEnd(const ActivationMeans& means, const LayerVariances& variances,
                double log_q) {
  Attractor attractor = MakeAttractor(means, variances, log_q);
  attractor.chi_q = std::exp(Growth(means, variances).At(log_q));
  attractor.q = log_q < 0 ? 0 : HUGE_VAL;
  attractor.log_q = log_q < 0 ? -HUGE_VAL : HUGE_VAL;
  return attractor;
}

// Without biases and with f(0) = 0, q = 0 stays what it is.
bool StaysAtZero(const ActivationMeans& means,
                 const LayerVariances& variances) {
  return variances.bias == 0 && means.At(kLowest).First(Mean::kLogSquare) > 0.5;
}

Attractor WithStability(Attractor at, Stability stability) {
  at.stability = stability;
  return at;
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
  const Growth growth(means, variances);
  // Between two places, log(q'/q) has at most one zero.
  std::vector<double> grid =
      LogQGrid([&](double log_q) { return growth.At(log_q); });
  const std::vector<double> extrema = ExtremaNearZero(growth, grid);
  grid.insert(grid.end(), extrema.begin(), extrema.end());
  grid.insert(grid.end(), {kLowest, kHighest});
  std::sort(grid.begin(), grid.end());
  std::vector<Attractor> stable, others;
  const auto other = [&](double log_q, Stability stability) {
    others.push_back(
        WithStability(MakeAttractor(means, variances, log_q), stability));
  };
  int before = 0;    // whether q grew at the last place where that was told
  double where = 0;  // log q there
  for (double log_q : grid) {
    const bool touches =
        std::abs(growth.At(log_q)) <= kTouching &&
        std::binary_search(extrema.begin(), extrema.end(), log_q);
    if (touches) other(log_q, Stability::kHalfStable);
    const int sign = touches ? 0 : growth.SignAt(log_q);
    if (sign == 0) continue;
    if (before == 0 && sign < 0) {
      stable.push_back(AtEnd(means, variances, kLowest));
    }
    if (before == 0 && sign > 0 && StaysAtZero(means, variances)) {
      others.push_back(WithStability(AtEnd(means, variances, kLowest),
                                     Stability::kUnstable));
    }
    if (before > 0 && sign < 0) {
      stable.push_back(
          MakeAttractor(means, variances, growth.ZeroBetween(where, log_q)));
    }
    if (before < 0 && sign > 0) {
      other(growth.ZeroBetween(where, log_q), Stability::kUnstable);
    }
    before = sign;
    where = log_q;
  }
  if (before == 0) {
    return {
        FixedPoints::Kind::kEvery, {MakeAttractor(means, variances, 0)}, {}};
  }
  if (before > 0) stable.push_back(AtEnd(means, variances, kHighest));
  return {KindOf(stable), std::move(stable), std::move(others)};
}

std::string_view StabilityName(Stability stability) {
  constexpr std::string_view kNames[] = {"stable", "half-stable", "unstable"};
  return kNames[static_cast<size_t>(stability)];
}

double NextLogQ(const ActivationMeans& means, const LayerVariances& variances,
                double log_q) {
  return log_q + Growth(means, variances).At(log_q);
}

std::string FixedPoints::Text() const {
  const double per_layer = attractors[0].chi_q;
  const bool is_slow = std::abs(std::log(per_layer)) < kCriticalWidth;
  switch (kind) {
    case Kind::kOne:
      return fmt::format("q settles at {:.6g}", attractors[0].q);
    case Kind::kZero:
      return is_slow ? "q falls to 0, as a power of depth"
                     : fmt::format("q falls to 0, by a factor {:.6g} per layer",
                                   per_layer);
    case Kind::kInfinity:
      return is_slow ? "q grows without end, as a power of depth"
                     : fmt::format(
                           "q grows without end, by a factor {:.6g} "
                           "per layer",
                           per_layer);
    case Kind::kSeveral: {
      std::vector<double> q;
      for (const Attractor& attractor : attractors) q.push_back(attractor.q);
      return fmt::format("q goes to {:.6g}, by where it begins",
                         fmt::join(q, " or "));
    }
    case Kind::kEvery:
      return "q stays what it is";
  }
  INITSCOPE_CHECK(false);
}

}  // namespace initscope
