#include "theory/fixed_point.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace initscope {
namespace {

// Of log(q'/q): rounding, and the tables' error.
constexpr double kNoise = 1e-12;
// log q of any double is between the two; beyond ±kBend every mean is a power
// of q, so that log(q'/q) has at most one zero on either side.
constexpr double kLowest = -744, kHighest = 709, kBend = 64;

// log(e^a + e^b)
double LogSum(double a, double b) {
  const double larger = std::max(a, b);
  if (larger == -HUGE_VAL) return larger;
  return larger + std::log1p(std::exp(std::min(a, b) - larger));
}

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

  // The zero between a, where q grows, and b, where it falls: Newton's steps
  // as long as they stay inside and are worth it, else halves.
  double ZeroBetween(double a, double b) const {
    double x = (a + b) / 2;
    for (int step = 0; step < 200; ++step) {
      const MeansAt at = means_.At(x);
      const double growth = Next(at[Mean::kLogSquare]) - x;
      if (growth == 0) break;
      (growth > 0 ? a : b) = x;
      const double newton = x - growth / (SlopeAt(at) - 1);
      const bool inside = newton > a && newton < b;
      const double next = inside ? newton : (a + b) / 2;
      if (!(std::abs(next - x) > 1e-15 * std::max(1.0, std::abs(x)))) break;
      x = next;
    }
    return x;
  }

 private:
  const ActivationMeans& means_;
  const double log_weight_, log_bias_;
};

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

std::vector<double> Grid() {
  std::vector<double> grid = {kLowest};
  for (double log_q = -kBend; log_q <= kBend; ++log_q) grid.push_back(log_q);
  grid.push_back(kHighest);
  return grid;
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
  using Kind = FixedPoints::Kind;
  const Growth growth(means, variances);
  std::vector<Attractor> found;
  int before = 0;    // whether q grew at the last place where that was told
  double where = 0;  // log q there
  for (double log_q : Grid()) {
    const int sign = growth.SignAt(log_q);
    if (sign == 0) continue;
    if (before == 0 && sign < 0) {
      found.push_back(AtEnd(means, variances, kLowest));
    }
    if (before > 0 && sign < 0) {
      found.push_back(
          MakeAttractor(means, variances, growth.ZeroBetween(where, log_q)));
    }
    before = sign;
    where = log_q;
  }
  if (before == 0) return {Kind::kEvery, {MakeAttractor(means, variances, 0)}};
  if (before > 0) found.push_back(AtEnd(means, variances, kHighest));
  const Kind kind = found.size() > 1         ? Kind::kSeveral
                    : found[0].q == 0        ? Kind::kZero
                    : std::isinf(found[0].q) ? Kind::kInfinity
                                             : Kind::kOne;
  return {kind, std::move(found)};
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
