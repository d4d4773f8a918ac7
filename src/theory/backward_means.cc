#include "theory/backward_means.h"

#include <algorithm>
#include <cmath>

#include "theory/log_sum.h"

namespace initscope {

BackwardMeans::BackwardMeans(const ForwardTheory& forward,
                             const DeltaStart& start,
                             const std::vector<double>& alignment,
                             const OutputKernel& output)
    : forward_(forward),
      start_(start),
      alignment_(alignment),
      output_(output),
      log_square_(start.log_square),
      laws_(start.log_square.size()),
      classes_(start.class_log_square.size()),
      pairs_(geometry_.pairs().size()),
      has_products_(!start.product.empty() || geometry_.batch() == 1),
      log_unit_(start.log_unit) {
  for (size_t i = 0; i < classes_.size(); ++i) {
    classes_[i].log_square = classes_[i].log_finite = start.class_log_square[i];
  }
  for (size_t p = 0; p < start.product.size(); ++p) {
    pairs_[p].product = start.product[p];
    pairs_[p].rise = OutputRise(p);
  }
}

// `means` are those of f, null for the input.
GradientLayer BackwardMeans::LayerOf(size_t l, double log_q, double log_square,
                                     double share,
                                     const MeanValues* means) const {
  GradientLayer layer;
  layer.log_square = log_square;
  layer.width = static_cast<double>(model_.width(l));
  layer.share = share;
  layer.orthogonal = !model_.independent;
  if (means == nullptr) return layer;
  layer.log_q = log_q;
  layer.log_slope = (*means)[Mean::kLogSlopeSquare];
  layer.mixed = (*means)[Mean::kMixed];
  layer.growth = (*means)[Mean::kGrowth];
  // Finite, also where the other factor is 0.
  layer.square =
      std::exp(std::min(log_square - log_q - layer.log_slope, 600.0));
  return layer;
}

GradientLayer BackwardMeans::GroupLayer(size_t l, size_t s) const {
  const LayerState& state = forward_.layer(l);
  const double log_square = state.log_square[s];
  const double log_next = forward_.layer(l + 1).log_q[s];
  const double log_width = std::log(static_cast<double>(model_.width(l)));
  const double share =
      log_next == kLogZero
          ? 0
          : std::exp(state.log_weight + log_width + log_square - log_next);
  return l == 0
             ? LayerOf(l, 0, log_square, share, nullptr)
             : LayerOf(l, state.log_q[s], log_square, share, &state.means[s]);
}

GradientLayer BackwardMeans::ClassLayer(size_t l, size_t i) const {
  const ClassState& state = forward_.layer(l).classes[i];
  GradientLayer layer = LayerOf(l, state.log_q, state.log_square, state.share,
                                l == 0 ? nullptr : &state.means.value);
  if (l > 0) layer.slope_power = state.means.First(Mean::kLogSlopeSquare);
  return layer;
}

// Product of the two samples' delta_L · Z_L/K_L.
double BackwardMeans::OutputRise(size_t p) const {
  if (start_.aligned_product.empty() || start_.aligned_product[p] == 0) {
    return 0;
  }
  const BatchGeometry::PairGroup& group = geometry_.pairs()[p];
  const LayerState& layer = forward_.layer(model_.depth());
  const double log_q =
      (layer.classes[group.a].log_q + layer.classes[group.b].log_q) / 2;
  return start_.aligned_product[p] *
         std::exp(start_.log_aligned_unit - start_.log_unit - log_q -
                  output_.shift());
}

void BackwardMeans::BeginStep(size_t l) {
  std::swap(layers_, above_);
  layers_.clear();
  for (size_t i = 0; i < classes_.size(); ++i) {
    layers_.push_back(ClassLayer(l, i));
  }
  std::swap(groups_, groups_above_);
  groups_.clear();
  for (size_t s = 0; s < log_square_.size(); ++s) {
    groups_.push_back(GroupLayer(l, s));
  }
  factors_.clear();
  for (size_t i = 0; i < classes_.size(); ++i) {
    const GradientLayer& layer = layers_[i];
    PairFactors& factors = factors_.emplace_back();
    factors.share = std::sqrt(layer.share);
    factors.slope = std::exp(layer.log_slope / 2);
    factors.mixed = std::sqrt(layer.mixed);
    if (IsTop(l)) continue;
    factors.power = above_[i].growth *
                    std::exp((above_[i].log_square - above_[i].log_q) / 2);
  }
}

// REQUIRES: the classes are at row l.
void BackwardMeans::StepPair(size_t l, size_t p, double scale) {
  const BatchGeometry::PairGroup& group = geometry_.pairs()[p];
  PairDelta& pair = pairs_[p];
  const PairFactors &a = factors_[group.a], &b = factors_[group.b];
  const double width = layers_[group.a].width;
  const double fan_out = static_cast<double>(model_.width(l + 1));
  const double shares = a.share * b.share * fan_out / width;
  double aligned = 0;
  if (shares > 0 && IsTop(l)) {
    aligned = pair.rise;
  } else if (shares > 0 && pair.aligned != 0) {
    aligned = pair.aligned * a.power * b.power;
  }
  pair.aligned = aligned * shares * scale;
  const PairState& state = forward_.layer(l).pairs[p];
  const PairMeans& means = state.means;
  const double along = pair.aligned * (1 - means.one_minus_f);
  pair.product *= scale;
  if (!model_.independent) {
    pair.product -= along * std::min(1.0, width / fan_out);
  }
  if (l == 0) {
    pair.product += along;
    return;
  }
  const double slopes = a.slope * b.slope;
  const double mixed = pair.aligned * a.mixed * b.mixed;
  pair.rise =
      slopes * (mixed * means.product_rise + pair.product * means.slope_rise +
                pair.rise * scale * state.steepness * means.slope);
  pair.product = slopes * (mixed * means.product + pair.product * means.slope);
}

void BackwardMeans::StepGroup(size_t l, size_t s, double log_weights) {
  const GradientLayer& layer = groups_[s];
  GradientLaw& law = laws_[s];
  double& log_square = log_square_[s];
  if (IsTop(l)) {
    law = {log_square,
           output_.LogAligned(start_.log_aligned, s,
                              forward_.layer(l + 1).log_q[s]),
           static_cast<double>(model_.width(l + 1)),
           log_weights,
           layer,
           false};
  } else {
    law = law.Below(groups_above_[s], layer, log_weights);
  }
  log_square = law.LogDelta(layer);
}

void BackwardMeans::StepClass(size_t l, size_t i, double log_weights) {
  ClassDelta& delta = classes_[i];
  const GradientLayer& layer = layers_[i];
  if (IsTop(l)) {
    const auto fan_out = static_cast<double>(model_.width(l + 1));
    // E W² given Z moves with Z² where W is not normal.
    const double bias =
        model_.kurtosis / (2 * layer.width) * (start_.concentration - 1);
    const auto laws = [&](double log_aligned, double beyond_normal) {
      const auto law = [&](double log_of_weights, bool finite) {
        return GradientLaw(delta.log_square, log_aligned, fan_out,
                           log_of_weights, layer, finite);
      };
      return GradientLaws{law(log_weights, false),
                          law(log_weights + std::log1p(beyond_normal), true)};
    };
    delta.measured =
        laws(output_.LogAligned(start_.class_log_aligned, i,
                                forward_.layer(l + 1).classes[i].log_q),
             bias);
    delta.mean =
        laws(delta.log_square + std::log(alignment_[i] + 1 / fan_out), 0);
  } else {
    for (GradientLaw* law : {&delta.measured.limit, &delta.measured.finite,
                             &delta.mean.limit, &delta.mean.finite}) {
      *law = law->Below(above_[i], layer, log_weights);
    }
  }
  delta.log_square = delta.measured.limit.LogDelta(layer);
  delta.log_finite = delta.measured.finite.LogDelta(layer);
  delta.by_chance =
      (delta.mean.finite.aligned() - delta.mean.limit.aligned()) * layer.mixed;
  const double ratio = std::max(0.0, delta.mean.limit.aligned()) * layer.mixed;
  delta.along = ratio / (1 + ratio);
  delta.aligned = 1 - (1 - delta.aligned) / (1 + ratio);
}

void BackwardMeans::Step(size_t l) {
  const double log_weights = forward_.layer(l).log_weight +
                             std::log(static_cast<double>(model_.width(l + 1)));
  BeginStep(l);
  for (size_t s = 0; s < log_square_.size(); ++s) StepGroup(l, s, log_weights);
  // Products are in units of the first class's delta, so that they stay in
  // range.
  const double before = classes_[0].log_square;
  for (size_t i = 0; i < classes_.size(); ++i) StepClass(l, i, log_weights);
  const double after = classes_[0].log_square;
  const double pace = std::isfinite(after) ? after - before : 0;
  const double scale = std::exp(log_weights - pace);
  for (size_t p = 0; p < pairs_.size(); ++p) StepPair(l, p, scale);
  log_unit_ += pace;
}

double BackwardMeans::Aligned() const {
  return MeanOver(geometry_.classes(),
                  [&](size_t i) { return classes_[i].aligned; });
}

}  // namespace initscope
