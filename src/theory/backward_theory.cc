#include "theory/backward_theory.h"

#include <algorithm>
#include <cmath>

#include "theory/backward_state.h"
#include "theory/band_limits.h"
#include "theory/batch_spread.h"
#include "theory/gradient_law.h"
#include "theory/output_kernel.h"
#include "theory/weight_gradient_law.h"

namespace initscope {
namespace {

constexpr double kNever = -HUGE_VAL;  // the logarithm of zero

// What a layer does to the gradients of samples with these means.
GradientLayer LayerOf(const MeanValues& means, double log_q) {
  const auto at = [&](Mean mean) { return means[static_cast<size_t>(mean)]; };
  GradientLayer layer;
  layer.log_q = log_q;
  layer.log_square = at(Mean::kLogSquare);
  layer.log_slope = at(Mean::kLogSlopeSquare);
  layer.mixed = at(Mean::kMixed);
  layer.growth = at(Mean::kGrowth);
  return layer;
}

class Recursion {
 public:
  Recursion(const ForwardTheory& forward, const DeltaStart& start,
            const std::vector<double>& alignment, std::vector<TheoryRow>* rows);

  void Step(size_t l);
  void Fill(size_t l) const;

 private:
  // The layer as the samples of a group or of a class have it.
  GradientLayer GroupLayer(size_t l, size_t s) const;
  GradientLayer ClassLayer(size_t l, size_t i) const;
  bool IsTop(size_t l) const { return l + 1 == model_.depth(); }
  void StepGroup(size_t l, size_t s, double log_weights);
  void StepClass(size_t l, size_t i, double log_weights);
  void StepPair(size_t l, size_t p, double log_weights);
  void AddPairNoise(size_t l, size_t p);
  // What the kurtosis of W_{L−1} adds to the fourth moment of ∂loss/∂X_{L−1},
  // where few outputs have a delta.
  double BeyondNormal(size_t l, double overlap) const {
    return IsTop(l) ? model_.kurtosis * overlap : 0;
  }
  NoisePull PullOf(size_t l, size_t i, size_t k) const;
  void StepSpread(size_t l, size_t i);
  void Pass(size_t l);
  bool HasBand() const;
  void Condition(size_t l, Estimate* second) const;

  const ForwardTheory& forward_;
  const BatchGeometry& geometry_;
  const NetworkModel& model_;
  std::vector<TheoryRow>& rows_;
  const DeltaStart& start_;
  const std::vector<double>& alignment_;
  OutputKernel output_;
  BackwardState state_;
  // For HasBand, of the layers from l on: Σ 1/width over those where samples
  // are nearly orthogonal, and whether one is narrow.
  double orthogonal_ = 0;
  bool narrow_ = false;
};

Recursion::Recursion(const ForwardTheory& forward, const DeltaStart& start,
                     const std::vector<double>& alignment,
                     std::vector<TheoryRow>* rows)
    : forward_(forward),
      geometry_(forward.geometry()),
      model_(forward.model()),
      rows_(*rows),
      start_(start),
      alignment_(alignment),
      output_(forward, start, rows->back()) {
  state_.has_products = !start.product.empty() || geometry_.batch() == 1;
  state_.log_square = start.log_square;
  state_.laws.resize(start.log_square.size());
  state_.log_unit = start.log_unit;
  for (double log_square : start.class_log_square) {
    ClassDelta delta = {};
    delta.log_square = delta.log_finite = log_square;
    state_.classes.push_back(delta);
  }
  for (size_t p = 0; p < geometry_.pairs().size(); ++p) {
    state_.pairs.push_back(
        start.product.empty()
            ? PairDelta{0, 0, 0}
            : PairDelta{start.product[p], 0, start.cosine_square[p]});
  }
}

GradientLayer Recursion::GroupLayer(size_t l, size_t s) const {
  const LayerState& state = forward_.layer(l);
  GradientLayer layer;
  if (l > 0) layer = LayerOf(state.means[s], state.log_q[s]);
  layer.log_square = state.log_square[s];
  layer.width = static_cast<double>(model_.widths[l]);
  layer.orthogonal = !model_.independent;
  const double log_q = forward_.layer(l + 1).log_q[s];
  layer.share = log_q == kNever
                    ? 0
                    : std::exp(state.log_weight + std::log(layer.width) +
                               layer.log_square - log_q);
  return layer;
}

GradientLayer Recursion::ClassLayer(size_t l, size_t i) const {
  const ClassState& state = forward_.layer(l).classes[i];
  GradientLayer layer;
  if (l > 0) {
    layer = LayerOf(state.means.value, state.log_q);
    layer.slope_power = state.means.First(Mean::kLogSlopeSquare);
  }
  layer.log_square = state.log_square;
  layer.width = static_cast<double>(model_.widths[l]);
  layer.share = state.share;
  layer.orthogonal = !model_.independent;
  return layer;
}

// REQUIRES: the classes have their laws of row l and their spreads of l + 1.
void Recursion::AddPairNoise(size_t l, size_t p) {
  const BatchGeometry::PairGroup& group = geometry_.pairs()[p];
  PairDelta& pair = state_.pairs[p];
  const LayerState& layer = forward_.layer(l);
  const ClassDelta &a = state_.classes[group.a], &b = state_.classes[group.b];
  const PairMeans& means = layer.pairs[p].means;
  const auto width = static_cast<double>(model_.widths[l]);
  const double along = std::sqrt(a.along * b.along), fresh = 1 - along;
  if (l == 0) {
    pair.noise.Step(along, {2 * fresh * fresh * pair.cosine_square, 0, 0}, {},
                    width);
    return;
  }
  // ε has nothing along X_l, so that products α X_l ε add nothing.
  const double of_product =
      along * along * means.square + 2 * along * fresh * means.mixed +
      fresh * fresh * means.slope_square *
          (1 + 2 * pair.cosine_square + BeyondNormal(l, start_.pair_overlap));
  const double kernel = means.square - 1;
  const double with_kernel = along * kernel + fresh * (means.mixed - 1);
  pair.noise.Step(along, {of_product - 1, with_kernel, kernel},
                  PullOf(l, group.a, group.b), width);
  // The fresh parts are as alike as delta_{l+1}, and so, where that depends on
  // Z_{l+1}, as X_l.
  const double of_inputs = std::min(
      1.0, means.product * means.product + layer.pairs[p].correlation_variance);
  const double root = along * std::sqrt(of_inputs) +
                      fresh * std::sqrt(pair.cosine_square) * means.slope;
  const double mean = root * root;
  pair.cosine_square =
      std::min(1.0, mean + CorrelationVariance(mean, of_product, width));
}

// REQUIRES: the classes stand at row l + 1.
void Recursion::StepPair(size_t l, size_t p, double log_weights) {
  const BatchGeometry::PairGroup& group = geometry_.pairs()[p];
  PairDelta& pair = state_.pairs[p];
  const GradientLayer a = ClassLayer(l, group.a), b = ClassLayer(l, group.b);
  const auto power = [](const GradientLayer& layer) {  // of α
    return layer.growth * std::exp((layer.log_square - layer.log_q) / 2);
  };
  const double fan_out = static_cast<double>(model_.widths[l + 1]);
  const double shares = std::sqrt(a.share * b.share) * fan_out / a.width;
  const double scale = std::exp(log_weights);
  double aligned = 0;
  if (shares > 0 && IsTop(l) && !start_.aligned_product.empty()) {
    const LayerState& output = forward_.layer(l + 1);
    aligned = start_.aligned_product[p] *
              std::exp(start_.log_aligned_unit - start_.log_unit -
                       (output.classes[group.a].log_q +
                        output.classes[group.b].log_q) /
                           2 -
                       output_.shift());
  } else if (shares > 0 && pair.aligned != 0) {
    aligned = pair.aligned * power(ClassLayer(l + 1, group.a)) *
              power(ClassLayer(l + 1, group.b));
  }
  pair.aligned = aligned * shares * scale;
  const PairMeans& means = forward_.layer(l).pairs[p].means;
  const double along = pair.aligned * (1 - means.one_minus_f);
  pair.product *= scale;
  if (!model_.independent) {
    pair.product -= along * std::min(1.0, a.width / fan_out);
  }
  if (l == 0) {
    pair.product += along;
    return;
  }
  pair.product = std::exp((a.log_slope + b.log_slope) / 2) *
                 (pair.aligned * std::sqrt(a.mixed * b.mixed) * means.product +
                  pair.product * means.slope);
}

void Recursion::StepGroup(size_t l, size_t s, double log_weights) {
  const GradientLayer layer = GroupLayer(l, s);
  GradientLaw& law = state_.laws[s];
  double& log_square = state_.log_square[s];
  if (IsTop(l)) {
    law = {log_square,
           output_.LogAligned(start_.log_aligned, s,
                              forward_.layer(l + 1).log_q[s]),
           static_cast<double>(model_.widths[l + 1]),
           log_weights,
           layer,
           false};
  } else {
    law = law.Below(GroupLayer(l + 1, s), layer, log_weights, false);
  }
  log_square = law.LogDelta(layer, false);
}

void Recursion::StepClass(size_t l, size_t i, double log_weights) {
  ClassDelta& delta = state_.classes[i];
  const ClassState& state = forward_.layer(l).classes[i];
  const GradientLayer layer = ClassLayer(l, i);
  if (IsTop(l)) {
    const double log_aligned = output_.LogAligned(
        start_.class_log_aligned, i, forward_.layer(l + 1).classes[i].log_q);
    const auto fan_out = static_cast<double>(model_.widths[l + 1]);
    delta.law = {delta.log_square, log_aligned, fan_out,
                 log_weights,      layer,       false};
    // E W² given Z moves with Z² where W is not normal.
    const double bias =
        model_.kurtosis / (2 * layer.width) * (start_.concentration - 1);
    delta.finite_law = {delta.log_square,
                        log_aligned,
                        fan_out,
                        log_weights + std::log1p(bias),
                        layer,
                        true};
    const double mean_aligned =
        delta.log_square + std::log(alignment_[i] + 1 / fan_out);
    delta.mean_law = {delta.log_square, mean_aligned, fan_out,
                      log_weights,      layer,        false};
    delta.mean_finite_law = {delta.log_square, mean_aligned, fan_out,
                             log_weights,      layer,        true};
  } else {
    const GradientLayer above = ClassLayer(l + 1, i);
    delta.law = delta.law.Below(above, layer, log_weights, false);
    delta.mean_law = delta.mean_law.Below(above, layer, log_weights, false);
    delta.mean_finite_law =
        delta.mean_finite_law.Below(above, layer, log_weights, true);
    delta.finite_law = delta.finite_law.Below(above, layer, log_weights, true);
  }
  delta.log_square = delta.law.LogDelta(layer, false);
  delta.log_finite = delta.finite_law.LogDelta(layer, true);
  delta.by_chance =
      (delta.mean_finite_law.aligned() - delta.mean_law.aligned()) *
      layer.mixed;
  const double ratio = std::max(0.0, delta.mean_law.aligned()) * layer.mixed;
  delta.along = ratio / (1 + ratio);
  delta.aligned = 1 - (1 - delta.aligned) / (1 + ratio);
}

// How two samples' log p_l and log α_{l−1} move with the noise of the kernels
// of layer l's units.
NoisePull Recursion::PullOf(size_t l, size_t i, size_t k) const {
  const ClassDelta &a = state_.classes[i], &b = state_.classes[k];
  const double of_a = forward_.layer(l).classes[i].share;
  const double of_b = forward_.layer(l).classes[k].share;
  const auto pull = [](const ClassDelta& delta) {
    return (1 - delta.along) * delta.response +
           2 * delta.along * delta.alpha_response;
  };
  return {of_a * pull(a),
          of_b * pull(b),
          1 + of_a * a.alpha_response,
          1 + of_b * b.alpha_response,
          of_a * a.to_output,
          of_b * b.to_output};
}

// α_l is delta_L · Z_L/K_L times the derivatives of E f² by K of the layers
// between. The noise of each of these is taken for that of the kernel above it,
// which it is for a homogeneous f.
void Recursion::StepSpread(size_t l, size_t i) {
  ClassDelta& delta = state_.classes[i];
  const ClassState& state = forward_.layer(l).classes[i];
  const auto width = static_cast<double>(model_.widths[l]);
  const double along = delta.along, fresh = 1 - along;
  if (l == 0) {
    const double noise = LogCovariance(2, width);
    delta.noise.Step(along, {2 * fresh * fresh, 0, 0}, {}, width);
    delta.shift = fresh * (delta.shift - noise / 2);
    delta.response = 0;  // the input is no random quantity
    return;
  }
  const MeansAt& means = state.means;
  const double growth = means[Mean::kGrowth], wg = state.share * growth;
  const double kappa = means.First(Mean::kLogSlopeSquare);
  const double fresh_own = (3 + BeyondNormal(l, start_.self_overlap)) *
                           std::exp(means[Mean::kLogSlopeFourth]);
  const double own = along * along * means[Mean::kFourth] +
                     2 * along * fresh * means[Mean::kMixed] +
                     fresh * fresh * fresh_own - 1;
  const double kernel = means[Mean::kFourth] - 1;
  const double with_kernel = along * kernel + fresh * (means[Mean::kMixed] - 1);
  // The part along X_l is taken at the mean logarithms of the kernels.
  delta.shift =
      fresh * (delta.shift + kappa * state.shift +
               means.Second(Mean::kLogSlopeSquare) * state.variance / 2 -
               LogCovariance(fresh_own - 1, width) / 2);
  delta.noise.Step(along, {own, with_kernel, kernel}, PullOf(l, i, i), width);
  const double power =
      growth + kappa + means.First(Mean::kMixed) / means[Mean::kMixed];
  delta.response = along * (power + 2 * delta.alpha_response * wg) +
                   fresh * (kappa + delta.response * wg);
  const double bend = std::abs(kappa) * state.bend + state.slope_bend;
  delta.bend += fresh * bend;
  delta.bent =
      delta.bent ||
      IsBent(delta.bend, delta.response * delta.response * state.variance +
                             delta.noise.delta);
  delta.alpha_response = delta.alpha_response * wg +
                         means.First(Mean::kGrowth) / growth + growth - 1;
  delta.to_output *= wg;
}

void Recursion::Pass(size_t l) {
  const LayerState& layer = forward_.layer(l);
  const auto width = static_cast<double>(model_.widths[l]);
  narrow_ = narrow_ || width < kLeastAlignedWidth;
  double square = 0;
  for (size_t p = 0; p < layer.pairs.size(); ++p) {
    const double cosine = 1 - std::exp(layer.pairs[p].log_distance);
    square +=
        geometry_.pairs()[p].count *
        std::min(1.0, cosine * cosine + layer.pairs[p].correlation_variance);
  }
  if (square < kLeastSquaredCosine * geometry_.pair_count()) {
    orthogonal_ += 1 / width;
  }
}

// From row l + 1 to row l.
void Recursion::Step(size_t l) {
  const LayerState& layer = forward_.layer(l);
  if (l > 0) Pass(l);
  const double log_weights =
      layer.log_weight + std::log(static_cast<double>(model_.widths[l + 1]));
  for (size_t s = 0; s < state_.log_square.size(); ++s) {
    StepGroup(l, s, log_weights);
  }
  // Products keep pace with the first class, so that they stay in range.
  const double before = state_.classes[0].log_square;
  for (size_t i = 0; i < state_.classes.size(); ++i) {
    StepClass(l, i, log_weights);
  }
  for (size_t p = 0; p < state_.pairs.size(); ++p) AddPairNoise(l, p);
  for (size_t i = 0; i < state_.classes.size(); ++i) StepSpread(l, i);
  const double after = state_.classes[0].log_square;
  const double pace = std::isfinite(after) ? after - before : 0;
  for (size_t p = 0; p < state_.pairs.size(); ++p) {
    StepPair(l, p, log_weights - pace);
  }
  state_.log_unit += pace;
}

bool Recursion::HasBand() const {
  if (!model_.independent || !output_.known()) return false;
  const bool homogeneous = model_.activation->homogeneous;
  const bool orthogonal = orthogonal_ > kMostOrthogonalDepth;
  for (size_t i = 0; i < state_.classes.size(); ++i) {
    const ClassDelta& delta = state_.classes[i];
    if (delta.bent || delta.by_chance > kLargestChance) return false;
    const bool known = homogeneous && !orthogonal && !narrow_;
    if (delta.aligned > kLargestAligned && !known) return false;
  }
  return homogeneous || !orthogonal;
}

// Given the measured Z_L: its second moment and delta_l's are correlated.
void Recursion::Condition(size_t l, Estimate* second) const {
  if (!(output_.variance() > 0) || !std::isfinite(second->log_limit)) return;
  double aligned = 0, total = 0;
  for (size_t i = 0; i < state_.classes.size(); ++i) {
    const double count = geometry_.classes()[i].count;
    aligned += count * state_.classes[i].aligned;
    total += count;
  }
  aligned /= total;
  if (aligned <= kLargestAligned) return;
  const LayerState& layer = forward_.layer(l);
  const auto weight = [&](size_t i) {
    return std::exp(state_.classes[i].log_square - second->log_limit);
  };
  const double relative = MeanOverPairs(
      geometry_,
      [&](size_t i) {
        const ClassDelta& delta = state_.classes[i];
        return weight(i) * CheapExpm1(delta.response * delta.to_output *
                                          layer.classes[i].variance +
                                      delta.noise.delta_with_output);
      },
      [&](size_t p) {
        const BatchGeometry::PairGroup& group = geometry_.pairs()[p];
        const ClassDelta &a = state_.classes[group.a],
                         &b = state_.classes[group.b];
        const double crossed =
            (a.response * b.to_output + b.response * a.to_output) / 2;
        return (weight(group.a) + weight(group.b)) / 2 *
               CheapExpm1(crossed * layer.pairs[p].covariance +
                          state_.pairs[p].noise.delta_with_output);
      });
  const double covariance = std::log1p(std::max(-0.9, relative));
  // The first α has its K_L from there already.
  second->log_mean += covariance / output_.variance() * output_.measured() +
                      aligned * output_.shift();
  second->log_variance = std::max(
      0.0, second->log_variance - covariance * covariance / output_.variance());
}

void Recursion::Fill(size_t l) const {
  TheoryRow& row = rows_[l];
  const auto width = static_cast<double>(model_.widths[l]);
  Estimate& second = row.delta_second_moment;
  second.log_limit = LogMeanExp(state_.log_square, geometry_.sample_groups());
  Estimate& variance = row.delta_variance;
  variance.log_limit = second.log_limit;
  if (model_.independent && second.log_limit == kNever) {
    second.log_mean = variance.log_mean = kNever;
    second.log_variance = variance.log_variance = 0;
  } else if (HasBand()) {
    const LayerState& layer = forward_.layer(l);
    std::vector<ClassLaw> laws;
    for (size_t i = 0; i < state_.classes.size(); ++i) {
      const ClassDelta& delta = state_.classes[i];
      const double widening =
          delta.log_square == kNever ? 0 : delta.log_finite - delta.log_square;
      laws.push_back(
          {delta.log_square, delta.shift + widening,
           delta.response * delta.response * layer.classes[i].variance +
               delta.noise.delta});
    }
    SpreadOfMean(
        geometry_, laws,
        [&](size_t p) {
          const BatchGeometry::PairGroup& group = geometry_.pairs()[p];
          return state_.classes[group.a].response *
                     state_.classes[group.b].response *
                     layer.pairs[p].covariance +
                 state_.pairs[p].noise.delta;
        },
        &second);
    Condition(l, &second);
    const double mean_square = MeanOverPairs(
        geometry_,
        [&](size_t i) {
          return std::exp(state_.classes[i].log_square - second.log_limit);
        },
        [&](size_t p) { return state_.Product(p, second.log_limit); });
    variance.log_mean = second.log_mean +
                        std::log1p(-std::clamp(mean_square / width, 0.0, 1.0));
    variance.log_variance = second.log_variance;
  }
  if (l > 0 && state_.has_products) {
    FillWeightGradient(forward_, state_, l, &rows_);
  }
}

}  // namespace

void FillBackward(const ForwardTheory& forward, const DeltaStart& start,
                  const std::vector<double>& alignment,
                  std::vector<TheoryRow>* rows, StopFlag stop) {
  if (!forward.holds()) return;
  Recursion recursion(forward, start, alignment, rows);
  const size_t depth = forward.model().depth();
  recursion.Fill(depth);
  for (size_t l = depth; l-- > 0;) {
    stop.Check();
    recursion.Step(l);
    recursion.Fill(l);
  }
}

}  // namespace initscope
