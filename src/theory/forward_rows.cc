// The forward columns of a network's rows, from the recursion.

#include <algorithm>
#include <cmath>

#include "theory/band_limits.h"
#include "theory/batch_spread.h"
#include "theory/forward_theory.h"

namespace initscope {
namespace {

// One layer of the recursion.
struct Layer {
  const ForwardTheory& forward;
  size_t l;
  const BatchGeometry& geometry = forward.geometry();
  const LayerState& state = forward.layer(l);
  double width = static_cast<double>(forward.model().width(l));
};

// Mean of f or f' over all samples, in units of e^(log_unit/2), from its mean
// relative to the root of E f² or E f'².
double FirstMoment(const Layer& layer, Mean mean,
                   const std::vector<double>& log_square, double log_unit) {
  double sum = 0, total = 0;
  for (size_t s = 0; s < layer.state.means.size(); ++s) {
    const double count = layer.geometry.sample_groups()[s].count;
    sum += count * layer.state.means[s][mean] *
           std::exp((log_square[s] - log_unit) / 2);
    total += count;
  }
  return sum / total;
}

// How the mean over units of one class of samples depends on log q.
struct Dependence {
  double log;               // of the mean, at q
  double power, curvature;  // its derivatives by log q
  double bend;              // its part of ClassState's `bend`
  double unit;              // relative variance of one unit
};

// Fills `estimate`, of a mean over units and samples, from that of each sample
// group (`log_samples`), `of_class(state)` → Dependence, and the relative
// covariance of one unit between the samples of a pair, `pair_unit(p)`. Returns
// whether it has a band.
template <class OfClass, class PairUnit>
bool FillMean(const Layer& layer, const std::vector<double>& log_samples,
              const OfClass& of_class, const PairUnit& pair_unit,
              Estimate* estimate) {
  const ForwardTheory& forward = layer.forward;
  estimate->log_limit = LogMeanExp(log_samples, layer.geometry.sample_groups());
  if (!forward.model().independent) return false;
  std::vector<ClassLaw> laws;
  std::vector<double> powers;
  for (size_t i = 0; i < layer.state.classes.size(); ++i) {
    const ClassState& state = layer.state.classes[i];
    const Dependence on = of_class(state);
    const double noise = LogCovariance(
        on.unit + on.power * on.power * forward.BeyondNormal(layer.l, i),
        layer.width);
    const double variance = on.power * on.power * state.variance + noise;
    if (IsBent(std::abs(on.power) * state.bend + on.bend, variance))
      return false;
    laws.push_back(
        {on.log,
         on.power * state.shift + on.curvature * state.variance / 2 - noise / 2,
         variance});
    powers.push_back(on.power);
  }
  SpreadOfMean(
      layer.geometry, laws,
      [&](size_t p) {
        const BatchGeometry::PairGroup& group = layer.geometry.pairs()[p];
        const double product = powers[group.a] * powers[group.b];
        return product * layer.state.pairs[p].covariance +
               LogCovariance(pair_unit(p) +
                                 product * forward.PairBeyondNormal(layer.l, p),
                             layer.width);
      },
      estimate);
  return true;
}

void FillPreActivation(const Layer& layer, TheoryRow* row) {
  Estimate& second = row->pre_activation_second_moment;
  Estimate& variance = row->pre_activation_variance;
  const LayerState& state = layer.state;
  const bool has_band = FillMean(
      layer, state.log_q,
      [](const ClassState& at) {
        return Dependence{at.log_q, 1, 0, 0, 2};
      },
      [&](size_t p) { return 2 * state.pairs[p].SquaredCosine(); }, &second);
  variance.log_limit = second.log_limit;
  if (!has_band) return;
  // Less the square of the mean over units and samples.
  const auto relative = [&](double log) {
    return log == kLogZero ? 0 : std::exp(log - second.log_limit);
  };
  const double mean_square = MeanOverPairs(
      layer.geometry,
      [&](size_t i) { return relative(state.classes[i].log_q); },
      [&](size_t p) {
        const BatchGeometry::PairGroup& group = layer.geometry.pairs()[p];
        return (1 - std::exp(state.pairs[p].log_distance)) *
               relative((state.classes[group.a].log_q +
                         state.classes[group.b].log_q) /
                        2);
      });
  variance.log_mean =
      second.log_mean + std::log1p(-std::min(1.0, mean_square / layer.width));
  variance.log_variance = second.log_variance;
}

void FillCosine(const Layer& layer, TheoryRow* row) {
  const std::vector<PairState>& pairs = layer.state.pairs;
  if (pairs.empty() || !layer.geometry.pairs_share_a_batch()) return;
  std::vector<double> distances;
  for (const PairState& pair : pairs) {
    if (std::isnan(pair.log_distance)) return;
    distances.push_back(pair.log_distance);
  }
  row->log_one_minus_cosine = LogMeanExp(distances, layer.geometry.pairs());
}

void FillSlope(const Layer& layer, TheoryRow* row) {
  std::vector<double> log_square;
  for (const MeanValues& means : layer.state.means) {
    log_square.push_back(means[Mean::kLogSlopeSquare]);
  }
  row->slope_mean = FirstMoment(layer, Mean::kSlope, log_square, 0);
  FillMean(
      layer, log_square,
      [](const ClassState& at) {
        constexpr Mean kLog = Mean::kLogSlopeSquare;
        return Dependence{at.means[kLog], at.means.First(kLog),
                          at.means.Second(kLog), at.slope_bend,
                          std::expm1(at.means[Mean::kLogSlopeFourth])};
      },
      [&](size_t p) { return layer.state.pairs[p].means.slope_square - 1; },
      &row->slope_second_moment);
}

// The variance of a layer's activations X over units and samples,
//
//     V = M − m²,   M and m the means of X² and X
//
// and its law over draws of the weights. To first order V moves with
// X² − 2 m X of each unit. Everything is in units of M at infinite width, or of
// its root, so that it stays in range.
class ActivationVariance {
 public:
  // REQUIRES: the layer is hidden. log_unit: log M.
  ActivationVariance(const Layer& layer, double log_unit)
      : layer_(layer),
        pairs_(layer.geometry.pairs()),
        mean_(FirstMoment(layer, Mean::kFirst, layer.state.log_square,
                          log_unit)) {
    // A constant activation leaves nothing but rounding.
    limit_ = 1 - mean_ * mean_ < 1e-14 ? 0 : 1 - mean_ * mean_;
    for (const ClassState& state : layer.state.classes) {
      moments_.push_back(MomentOf(state, log_unit));
    }
  }

  // m and V at infinite width; V is exactly 0 for a constant f.
  double mean() const { return mean_; }
  double limit() const { return limit_; }

  double VarianceOfMean() const {
    const ForwardTheory& forward = layer_.forward;
    const double variance = MeanOverPairs(
        layer_.geometry,
        [&](size_t i) {
          const Moment& f = moments_[i];
          return f.slope * f.slope * layer_.state.classes[i].variance +
                 (f.square - f.mean * f.mean +
                  f.slope * f.slope * forward.BeyondNormal(layer_.l, i)) /
                     layer_.width;
        },
        [&](size_t p) {
          const Moment &a = A(p), &b = B(p);
          return a.slope * b.slope * layer_.state.pairs[p].covariance +
                 (Product(p) - a.mean * b.mean +
                  a.slope * b.slope * forward.PairBeyondNormal(layer_.l, p)) /
                     layer_.width;
        });
    return std::max(0.0, variance);
  }

  // E V, given E M = `square`. Not negative.
  double Expectation(double square) const {
    double shift = 0, total = 0;  // of m at finite width
    for (size_t i = 0; i < moments_.size(); ++i) {
      const ClassState& state = layer_.state.classes[i];
      const double count = layer_.geometry.classes()[i].count;
      shift += count * (moments_[i].slope * state.shift +
                        moments_[i].curvature * state.variance / 2);
      total += count;
    }
    return std::max(0.0, square - mean_ * mean_ - 2 * mean_ * shift / total -
                             VarianceOfMean());
  }

  // Variance of log V. REQUIRES: limit() > 0.
  double LogVariance() const {
    const ForwardTheory& forward = layer_.forward;
    const double norm = limit_ * limit_;
    const double relative = MeanOverPairs(
        layer_.geometry,
        [&](size_t i) {
          const double powers = Response(i) * Response(i);
          const double unit =
              Covariance(i) / norm + powers * forward.BeyondNormal(layer_.l, i);
          return CheapExpm1(powers * layer_.state.classes[i].variance +
                            LogCovariance(unit, layer_.width));
        },
        [&](size_t p) {
          const double powers = Response(pairs_[p].a) * Response(pairs_[p].b);
          const double unit = PairCovariance(p) / norm +
                              powers * forward.PairBeyondNormal(layer_.l, p);
          return CheapExpm1(powers * layer_.state.pairs[p].covariance +
                            LogCovariance(unit, layer_.width));
        });
    return std::log1p(std::max(0.0, relative));
  }

 private:
  // Means of one class over units.
  struct Moment {
    double square;            // E f²
    double mean;              // E f
    double slope, curvature;  // derivatives of `mean` with respect to log q
  };

  static Moment MomentOf(const ClassState& state, double log_unit) {
    const double root = std::exp((state.log_square - log_unit) / 2);
    const double first = state.means[Mean::kFirst];
    const double slope = state.means.First(Mean::kFirst);
    const double power = state.means.First(Mean::kLogSquare) / 2;
    const double bend = state.means.Second(Mean::kLogSquare) / 2;
    return {root * root, root * first, root * (slope + power * first),
            root * (state.means.Second(Mean::kFirst) + 2 * power * slope +
                    (bend + power * power) * first)};
  }

  const Moment& A(size_t p) const { return moments_[pairs_[p].a]; }
  const Moment& B(size_t p) const { return moments_[pairs_[p].b]; }

  // E f_a f_b
  double Product(size_t p) const {
    return std::sqrt(A(p).square * B(p).square) *
           (1 - layer_.state.pairs[p].means.one_minus_f);
  }

  // d log V of class i/d log q
  double Response(size_t i) const {
    const Moment& f = moments_[i];
    return (f.square * layer_.state.classes[i].means.First(Mean::kLogSquare) -
            2 * mean_ * f.slope) /
           limit_;
  }

  // Mean of X² − 2 m X, and its variance over units of a class or covariance
  // between the samples of a pair.
  double UnitMean(const Moment& f) const {
    return f.square - 2 * mean_ * f.mean;
  }
  double Covariance(size_t i) const {
    const Moment& f = moments_[i];
    const MeansAt& means = layer_.state.classes[i].means;
    return f.square * f.square * means[Mean::kFourth] -
           4 * mean_ * std::pow(f.square, 1.5) * means[Mean::kCube] +
           4 * mean_ * mean_ * f.square - UnitMean(f) * UnitMean(f);
  }
  double PairCovariance(size_t p) const {
    const Moment &a = A(p), &b = B(p);
    const PairMeans& means = layer_.state.pairs[p].means;
    return a.square * b.square * means.square -
           2 * mean_ * means.cube * std::sqrt(a.square * b.square) *
               (std::sqrt(a.square) + std::sqrt(b.square)) +
           4 * mean_ * mean_ * Product(p) - UnitMean(a) * UnitMean(b);
  }

  const Layer& layer_;
  const std::vector<BatchGeometry::PairGroup>& pairs_;
  double mean_, limit_;
  std::vector<Moment> moments_;  // of the classes
};

void FillActivation(const Layer& layer, TheoryRow* row) {
  Estimate& second = row->activation_second_moment;
  Estimate& variance = row->activation_variance;
  FillMean(
      layer, layer.state.log_square,
      [](const ClassState& at) {
        constexpr Mean kLog = Mean::kLogSquare;
        return Dependence{at.means[kLog], at.means.First(kLog),
                          at.means.Second(kLog), at.square_bend,
                          at.means[Mean::kFourth] - 1};
      },
      [&](size_t p) { return layer.state.pairs[p].means.square - 1; }, &second);
  if (second.log_limit == kLogZero) {
    variance = second;
    row->activation_mean = row->activation_mean_std = 0;
    return;
  }
  const ActivationVariance v(layer, second.log_limit);
  const double unit = std::exp(second.log_limit / 2);
  row->activation_mean = v.mean() == 0 ? 0 : v.mean() * unit;
  variance.log_limit = second.log_limit + std::log(v.limit());
  if (!layer.forward.model().independent) return;
  row->activation_mean_std = unit * std::sqrt(v.VarianceOfMean());
  if (v.limit() == 0) {
    variance.log_mean = kLogZero;
    variance.log_variance = 0;
    return;
  }
  const double square =
      std::exp(second.log_mean + second.log_variance / 2 - second.log_limit);
  const double log_expected = std::log(v.Expectation(square) / v.limit());
  // A difference that its own fluctuation may make negative has no logarithm.
  if (std::isnan(second.log_mean) ||
      !(std::abs(log_expected) <= kLargestWidening)) {
    return;
  }
  variance.log_variance = v.LogVariance();
  variance.log_mean =
      variance.log_limit + log_expected - variance.log_variance / 2;
}

}  // namespace

std::vector<TheoryRow> ForwardRows(const ForwardTheory& forward, Jobs jobs) {
  const size_t depth = forward.model().depth();
  std::vector<TheoryRow> rows(depth + 1);
  if (!forward.holds()) return rows;
  // Fewer layers are done before the first other worker has begun.
  constexpr size_t kManyLayers = 16;
  if (depth < kManyLayers) jobs.count = 1;
  ParallelFor(depth, jobs, [&](size_t i) {
    const size_t l = i + 1;
    const Layer layer{forward, l};
    FillPreActivation(layer, &rows[l]);
    FillCosine(layer, &rows[l]);
    if (l == depth) return;
    FillActivation(layer, &rows[l]);
    FillSlope(layer, &rows[l]);
  });
  TheoryRow& output = rows[depth];  // X_L = Z_L
  output.activation_second_moment = output.pre_activation_second_moment;
  output.activation_variance = output.pre_activation_variance;
  output.activation_mean = 0;
  return rows;
}

}  // namespace initscope
