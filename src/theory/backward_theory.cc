#include "theory/backward_theory.h"

#include <algorithm>
#include <cmath>

#include "theory/backward_means.h"
#include "theory/backward_spread.h"
#include "theory/band_limits.h"
#include "theory/batch_spread.h"

namespace initscope {
namespace {

// A product of deltas; none has any unit, even an infinite one.
double InUnit(double product, double unit) {
  return product == 0 ? 0 : product * unit;
}

void FillDelta(const ForwardTheory& forward, const BackwardMeans& means,
               const BackwardSpread& spread, size_t l, TheoryRow* row) {
  const BatchGeometry& geometry = forward.geometry();
  Estimate& second = row->delta_second_moment;
  Estimate& variance = row->delta_variance;
  second.log_limit = LogMeanExp(means.log_square(), geometry.sample_groups());
  variance.log_limit = second.log_limit;
  if (forward.model().independent && second.log_limit == kLogZero) {
    second.log_mean = variance.log_mean = kLogZero;
    second.log_variance = variance.log_variance = 0;
    return;
  }
  if (!spread.HasBand()) return;
  spread.Fill(l, &second);
  const double unit = std::exp(means.log_unit() - second.log_limit);
  const double mean_square = MeanOverPairs(
      geometry,
      [&](size_t i) {
        return std::exp(means.classes()[i].log_square - second.log_limit);
      },
      [&](size_t p) { return InUnit(means.pairs()[p].product, unit); });
  const auto width = static_cast<double>(forward.model().width(l));
  variance.log_mean =
      second.log_mean + std::log1p(-std::clamp(mean_square / width, 0.0, 1.0));
  variance.log_variance = second.log_variance;
}

// Covariance of the logarithms of X_{l−1}² and delta_l² of one sample.
double WithForward(const ForwardTheory& forward, const BackwardSpread& spread,
                   size_t l) {
  const BatchGeometry& geometry = forward.geometry();
  double sum = 0, total = 0;
  for (size_t i = 0; i < spread.classes().size(); ++i) {
    const double share = forward.layer(l - 1).classes[i].share;
    const double count = geometry.classes()[i].count;
    total += count;
    if (share == 0) continue;
    sum += count * spread.classes()[i].response / share *
           forward.layer(l).classes[i].variance;
  }
  return sum / total;
}

// Sums over pairs of different samples, in units of e^log_same.
struct PairSums {
  double gradient = 0;  // of E dW²
  double of_means = 0;  // of the square of E dW
  double absolute = 0;  // of |delta_a · delta_b|
};

PairSums SumPairs(const ForwardTheory& forward, const BackwardMeans& means,
                  size_t l, double log_same) {
  const std::vector<BatchGeometry::PairGroup>& groups =
      forward.geometry().pairs();
  const LayerState& before = forward.layer(l - 1);
  PairSums sums;
  double unit = 0;  // of products of two classes, which often follow each other
  for (size_t p = 0; p < groups.size(); ++p) {
    const ClassState& a = before.classes[groups[p].a];
    const ClassState& b = before.classes[groups[p].b];
    const double variance = forward.layer(l).pairs[p].correlation_variance;
    if (p == 0 || groups[p].a != groups[p - 1].a ||
        groups[p].b != groups[p - 1].b) {
      unit = std::exp(means.log_unit() - log_same +
                      (a.log_square + b.log_square) / 2);
    }
    const double product =
        groups[p].count * InUnit(means.pairs()[p].product, unit);
    sums.gradient += product * (1 - before.pairs[p].means.one_minus_f);
    sums.absolute += std::abs(product);
    sums.of_means += product * a.means[Mean::kFirst] * b.means[Mean::kFirst];
    if (forward.model().independent && variance > 0) {
      sums.gradient += groups[p].count * InUnit(means.pairs()[p].rise, unit) *
                       variance / std::sqrt(a.share * b.share);
    }
  }
  return sums;
}

// The second moment of dW_{l−1} = X_{l−1}ᵀ delta_l, from those of its factors:
//
//     E dW² = Σ_ab (X_a · X_b/n_{l−1}) (delta_a · delta_b/n_l)
//
// over the samples a, b of a batch. Both products of a pair depend on its
// correlation c, so that it adds Var(c) d(delta_a · delta_b)/dc to the product
// of the means, which is of order batch/width beside the samples' own squares.
//
// REQUIRES: l > 0, and the other columns of rows l − 1 and l are filled.
void FillWeightGradient(const ForwardTheory& forward,
                        const BackwardMeans& means,
                        const BackwardSpread& spread, size_t l,
                        std::vector<TheoryRow>* rows) {
  const BatchGeometry& geometry = forward.geometry();
  const LayerState& before = forward.layer(l - 1);
  const auto batch = static_cast<double>(geometry.batch());
  std::vector<double> of_samples;
  for (size_t s = 0; s < means.log_square().size(); ++s) {
    of_samples.push_back(before.log_square[s] + means.log_square()[s]);
  }
  const double log_same = LogMeanExp(of_samples, geometry.sample_groups());
  const bool has_pairs = geometry.pairs_share_a_batch() && log_same > kLogZero;
  const PairSums pairs =
      has_pairs ? SumPairs(forward, means, l, log_same) : PairSums{};
  const double scale = has_pairs ? (batch - 1) / geometry.pair_count() : 0;
  const double total = 1 + scale * pairs.gradient;
  Estimate& second = (*rows)[l].weight_gradient_second_moment;
  Estimate& variance = (*rows)[l].weight_gradient_variance;
  if (!(total >= kLeastRest * (1 + scale * pairs.absolute))) return;
  second.log_limit = log_same + std::log(batch * total);
  variance.log_limit = second.log_limit;
  const Estimate& delta = (*rows)[l].delta_second_moment;
  if (!forward.model().independent || second.log_limit == kLogZero) return;
  second.log_mean = second.log_limit + delta.log_mean - delta.log_limit;
  double of_inputs = 0;  // what the fluctuation of X_{l−1} adds
  if (l > 1) {
    const Estimate& x = (*rows)[l - 1].activation_second_moment;
    second.log_mean += x.log_mean - x.log_limit;
    of_inputs = x.log_variance + 2 * WithForward(forward, spread, l);
  }
  // No recursion is known for the fluctuation of products of different samples.
  if (!has_pairs) {
    second.log_variance = std::max(0.0, delta.log_variance + of_inputs);
  }
  variance = second;
  if (l > 1) {
    const double first = before.classes[0].means[Mean::kFirst];
    variance.log_mean += std::log1p(
        -std::clamp((first * first + scale * pairs.of_means) / total /
                        static_cast<double>(forward.model().width(l)),
                    0.0, 1.0));
  }
}

}  // namespace

void FillBackward(const ForwardTheory& forward, const DeltaStart& start,
                  const std::vector<double>& alignment,
                  std::vector<TheoryRow>* rows, StopFlag stop) {
  if (!forward.holds()) return;
  const OutputKernel output(forward, start, rows->back());
  BackwardMeans means(forward, start, alignment, output);
  BackwardSpread spread(forward, start, output, means);
  for (size_t l = forward.model().depth();; --l) {
    FillDelta(forward, means, spread, l, &(*rows)[l]);
    if (l == 0) return;
    if (means.has_products()) {
      FillWeightGradient(forward, means, spread, l, rows);
    }
    stop.Check();
    means.Step(l - 1);
    spread.Step(l - 1);
  }
}

}  // namespace initscope
