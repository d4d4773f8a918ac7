#include "theory/backward_spread.h"

#include <algorithm>
#include <cmath>

#include "theory/band_limits.h"
#include "theory/batch_spread.h"

namespace initscope {

BackwardSpread::BackwardSpread(const ForwardTheory& forward,
                               const DeltaStart& start,
                               const OutputKernel& output,
                               const BackwardMeans& means)
    : forward_(forward),
      start_(start),
      output_(output),
      means_(means),
      classes_(means.classes().size()),
      pairs_(geometry_.pairs().size()) {
  for (size_t p = 0; p < start.cosine_square.size(); ++p) {
    pairs_[p].cosine_square = start.cosine_square[p];
  }
}

// REQUIRES: the classes are at row l + 1.
void BackwardSpread::StepPair(size_t l, size_t p) {
  const BatchGeometry::PairGroup& group = geometry_.pairs()[p];
  PairSpread& pair = pairs_[p];
  const LayerState& layer = forward_.layer(l);
  const ClassDelta &a = means_.classes()[group.a],
                   &b = means_.classes()[group.b];
  const PairMeans& means = layer.pairs[p].means;
  const auto width = static_cast<double>(model_.width(l));
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
  // The fresh parts have the cosine of delta_{l+1}, the parts along X_l that of
  // X_l.
  const double of_inputs = std::min(
      1.0, means.product * means.product + layer.pairs[p].correlation_variance);
  const double root = along * std::sqrt(of_inputs) +
                      fresh * std::sqrt(pair.cosine_square) * means.slope;
  const double mean = root * root;
  pair.cosine_square =
      std::min(1.0, mean + CorrelationVariance(mean, of_product, width));
}

// How log p_l, log α_{l−1} and log K_L of samples of classes i and k move with
// the noise of the kernels of layer l's units.
NoisePull BackwardSpread::PullOf(size_t l, size_t i, size_t k) const {
  const auto pull = [&](size_t c) {
    const double along = means_.classes()[c].along;
    return (1 - along) * classes_[c].response +
           2 * along * classes_[c].alpha_response;
  };
  const double of_a = forward_.layer(l).classes[i].share;
  const double of_b = forward_.layer(l).classes[k].share;
  return {of_a * pull(i),
          of_b * pull(k),
          1 + of_a * classes_[i].alpha_response,
          1 + of_b * classes_[k].alpha_response,
          of_a * classes_[i].to_output,
          of_b * classes_[k].to_output};
}

// α_l is delta_L · Z_L/K_L times d E f²/d K of the layers between. The noise of
// each factor counts as that of the kernel above it, which is exact for a
// homogeneous f.
void BackwardSpread::StepClass(size_t l, size_t i) {
  ClassSpread& delta = classes_[i];
  const ClassState& state = forward_.layer(l).classes[i];
  const auto width = static_cast<double>(model_.width(l));
  const double along = means_.classes()[i].along, fresh = 1 - along;
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
  // The part along X_l is evaluated at the mean logarithms of the kernels.
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

void BackwardSpread::Pass(size_t l) {
  const auto width = static_cast<double>(model_.width(l));
  passed_ += 1 / width;
  narrow_ = narrow_ || width < kLeastAlignedWidth;
  if (forward_.layer(l).squared_cosine < kLeastSquaredCosine)
    orthogonal_ += 1 / width;
}

bool BackwardSpread::HasBand() const {
  if (!model_.independent || !output_.known()) return false;
  const bool homogeneous = model_.activation->homogeneous;
  const bool orthogonal = orthogonal_ > kMostOrthogonalDepth;
  for (size_t i = 0; i < classes_.size(); ++i) {
    const ClassDelta& delta = means_.classes()[i];
    if (classes_[i].bent || delta.by_chance > kLargestChance) return false;
    const bool known = homogeneous && !narrow_ && !orthogonal &&
                       orthogonal_ <= kMostOrthogonalShare * passed_;
    if (delta.aligned > kLargestAligned && !known) return false;
  }
  return homogeneous || !orthogonal;
}

// Conditions delta_l's second moment on that of Z_L, with which it correlates.
void BackwardSpread::Condition(size_t l, Estimate* second) const {
  if (!(output_.variance() > 0)) return;
  const double aligned = means_.Aligned();
  if (aligned <= kLargestAligned) return;
  const LayerState& layer = forward_.layer(l);
  std::vector<double> weight;
  for (const ClassDelta& delta : means_.classes()) {
    weight.push_back(std::exp(delta.log_square - second->log_limit));
  }
  const double relative = MeanOverPairs(
      geometry_,
      [&](size_t i) {
        const ClassSpread& delta = classes_[i];
        return weight[i] * CheapExpm1(delta.response * delta.to_output *
                                          layer.classes[i].variance +
                                      delta.noise.delta_with_output);
      },
      [&](size_t p) {
        const BatchGeometry::PairGroup& group = geometry_.pairs()[p];
        const ClassSpread &a = classes_[group.a], &b = classes_[group.b];
        const double crossed =
            (a.response * b.to_output + b.response * a.to_output) / 2;
        return (weight[group.a] + weight[group.b]) / 2 *
               CheapExpm1(crossed * layer.pairs[p].covariance +
                          pairs_[p].noise.delta_with_output);
      });
  const double covariance = std::log1p(std::max(-0.9, relative));
  // α_{L−1} already has its K_L from the measurement.
  second->log_mean += covariance / output_.variance() * output_.measured() +
                      aligned * output_.shift();
  second->log_variance = std::max(
      0.0, second->log_variance - covariance * covariance / output_.variance());
}

void BackwardSpread::Step(size_t l) {
  if (l > 0) Pass(l);
  for (size_t p = 0; p < pairs_.size(); ++p) StepPair(l, p);
  for (size_t i = 0; i < classes_.size(); ++i) StepClass(l, i);
}

void BackwardSpread::Fill(size_t l, Estimate* second) const {
  const LayerState& layer = forward_.layer(l);
  std::vector<ClassLaw> laws;
  for (size_t i = 0; i < classes_.size(); ++i) {
    const ClassDelta& delta = means_.classes()[i];
    const ClassSpread& spread = classes_[i];
    const double widening =
        delta.log_square == kLogZero ? 0 : delta.log_finite - delta.log_square;
    laws.push_back(
        {delta.log_square, spread.shift + widening,
         spread.response * spread.response * layer.classes[i].variance +
             spread.noise.delta});
  }
  SpreadOfMean(
      geometry_, laws,
      [&](size_t p) {
        const BatchGeometry::PairGroup& group = geometry_.pairs()[p];
        return classes_[group.a].response * classes_[group.b].response *
                   layer.pairs[p].covariance +
               pairs_[p].noise.delta;
      },
      second);
  if (std::isfinite(second->log_limit)) Condition(l, second);
}

}  // namespace initscope
