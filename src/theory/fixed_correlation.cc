#include "theory/fixed_correlation.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "base/error.h"
#include "theory/gaussian_rule.h"
#include "theory/hermite_series.h"
#include "theory/pair_quadrature.h"

namespace initscope {
namespace {

// h_k has k zeros within 2√k of 0: panels of 16 nodes that are at most a
// standard deviation wide suffice for twice as many terms.
constexpr size_t kMostTerms = 256;
constexpr double kTolerance = 1e-12;

// S(c) = (1 − c')/(1 − c), which is 1 at a fixed point, and its derivative.
struct Remainder {
  double value, slope;
};

// The first terms of c' = Σ_k b_k c^k. b_k = σ_w² a_k²/q* with a_k = E f(√q* t)
// h_k(t) for the Hermite polynomials h_k (theory/hermite_series.h).
class CorrelationSeries {
 public:
  CorrelationSeries(const Activation& f, const LayerVariances& variances,
                    const Attractor& at)
      : lost_slope_(at.chi_1) {
    const GaussianRule rule = MakeGaussianRule(f.kinks, at.q);
    const auto n = static_cast<Eigen::Index>(rule.z.size());
    Eigen::ArrayXd value(n), slope(n);
    f.Apply(rule.z.data(), rule.z.size(), value.data(), slope.data());
    using Nodes = Eigen::Map<const Eigen::ArrayXd>;
    value *= Nodes(rule.weight.data(), n);
    const Nodes z(rule.z.data(), n);
    const Eigen::ArrayXd t = z / std::sqrt(at.q);
    Eigen::ArrayXd before = Eigen::ArrayXd::Ones(n), h = t;
    static const HermiteRecurrence<kMostTerms> recurrence;
    const double mean = value.sum();
    double left = 1 - (variances.weight * mean * mean + variances.bias) / at.q;
    for (size_t k = 1; k < kMostTerms && lost_slope_ > kTolerance; ++k) {
      const double a = (value * h).sum();
      const double b = variances.weight * a * a / at.q;
      const auto degree = static_cast<double>(k);
      left_.push_back(left);
      slopes_.push_back(degree * b);
      left = std::max(0.0, left - b);
      lost_slope_ -= degree * b;
      before = recurrence.of_t[k] * t * h - recurrence.of_before[k] * before;
      before.swap(h);
    }
  }

  // S = Σ_j (Σ_{k>j} b_k) c^j
  Remainder At(double c) const {
    Remainder s = {0, 0};
    for (size_t j = left_.size(); j-- > 0;) {
      s.slope = s.value + c * s.slope;
      s.value = left_[j] + c * s.value;
    }
    return s;
  }

  // dc'/dc
  double SlopeAt(double c) const {
    double sum = 0;
    for (size_t k = slopes_.size(); k-- > 0;) sum = slopes_[k] + c * sum;
    return sum;
  }

  // Whether S and dc'/dc are complete: they lack at most the slope at 1 of all
  // further terms times the next power.
  bool IsEnough(double c) const {
    const auto terms = static_cast<double>(slopes_.size());
    return lost_slope_ * std::pow(c, terms) <= kTolerance;
  }

 private:
  std::vector<double> left_;    // Σ_{k>j} b_k
  std::vector<double> slopes_;  // (j + 1) b_{j+1}
  double lost_slope_;           // Σ k b_k of the missing terms
};

// The same by quadrature.
class CorrelationIntegrals {
 public:
  CorrelationIntegrals(const Activation& f, const LayerVariances& variances,
                       double q)
      : f_(f), weight_(variances.weight), q_(q) {}

  Remainder At(double c) const {
    // 1 − c' = σ_w² E (f(u) − f(v))²/(2 q)
    const auto square = [this](double u, double v) {
      const double difference = f_.value(u) - f_.value(v);
      return difference * difference;
    };
    const double value = weight_ * Mean(square, c) / (2 * q_ * (1 - c));
    return {value, (value - SlopeAt(c)) / (1 - c)};
  }

  double SlopeAt(double c) const {
    const auto product = [this](double u, double v) {
      return f_.slope(u) * f_.slope(v);
    };
    return weight_ * Mean(product, c);
  }

 private:
  double Mean(const std::function<double(double, double)>& g, double c) const {
    return PairMean(g, f_.kinks, f_.kinks, {q_, q_, c});
  }

  const Activation& f_;
  const double weight_, q_;
};

// The zero of S − 1 in [0, 1). S grows and is convex, so that Newton's method
// is safe after its first step, and squares the relative error of 1 − c.
template <typename Map>
double Solve(const Map& map, double c) {
  double low = 0, high = 1;
  for (int step = 0; step < 100; ++step) {
    const Remainder s = map.At(c);
    if (s.value == 1) break;
    (s.value < 1 ? low : high) = c;
    const double newton = c - (s.value - 1) / s.slope;
    const bool inside = newton > low && newton < high;
    const double next = inside ? newton : (low + high) / 2;
    const double change = std::abs(next - c);
    c = next;
    if (!(change > 1e-8 * std::min(c, 1 - c))) break;
  }
  return c;
}

}  // namespace

double FixedCorrelation::Depth() const {
  const double log_chi = std::log(chi_c);
  return log_chi < -kCriticalWidth ? -1 / log_chi : HUGE_VAL;
}

FixedCorrelation FindFixedCorrelation(const ActivationMeans& means,
                                      const LayerVariances& variances,
                                      const Attractor& at) {
  INITSCOPE_CHECK(at.q > 0 && std::isfinite(at.q));
  if (at.phase != Phase::kChaotic) return {1, at.chi_1};
  const CorrelationSeries series(means.activation(), variances, at);
  double c = Solve(series, 0);
  if (series.IsEnough(c)) return {c, series.SlopeAt(c)};
  // Without its last terms S is too small, so its zero is too large.
  const CorrelationIntegrals integrals(means.activation(), variances, at.q);
  c = Solve(integrals, std::min(c, 1 - 1e-6));
  return {c, integrals.SlopeAt(c)};
}

}  // namespace initscope
