#include "theory/weight_gradient_law.h"

#include <algorithm>
#include <cmath>

#include "theory/band_limits.h"
#include "theory/batch_spread.h"

namespace initscope {
namespace {

// Covariance of the logarithms of X_{l−1}² and delta_l², of one sample.
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

}  // namespace

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
  // In units of e^log_same.
  double different = 0, of_means = 0, cancelling = 0;
  const bool has_pairs = geometry.pairs_share_a_batch() && log_same > kLogZero;
  for (size_t p = 0; has_pairs && p < geometry.pairs().size(); ++p) {
    const BatchGeometry::PairGroup& group = geometry.pairs()[p];
    const ClassState& a = before.classes[group.a];
    const ClassState& b = before.classes[group.b];
    const PairState& pair = forward.layer(l).pairs[p];
    const double unit = log_same - (a.log_square + b.log_square) / 2;
    const double product = group.count * means.Product(p, unit);
    different += product * (1 - before.pairs[p].means.one_minus_f);
    cancelling += std::abs(product);
    of_means += product * a.means[Mean::kFirst] * b.means[Mean::kFirst];
    if (forward.model().independent && pair.correlation_variance > 0) {
      different += group.count * means.Rise(p, unit) *
                   pair.correlation_variance / std::sqrt(a.share * b.share);
    }
  }
  const double scale = has_pairs ? (batch - 1) / geometry.pair_count() : 0;
  const double total = 1 + scale * different;
  Estimate& second = (*rows)[l].weight_gradient_second_moment;
  Estimate& variance = (*rows)[l].weight_gradient_variance;
  if (!(total >= kLeastRest * (1 + scale * cancelling))) return;
  second.log_limit = log_same + std::log(batch * total);
  variance.log_limit = second.log_limit;
  const Estimate& delta = (*rows)[l].delta_second_moment;
  if (!forward.model().independent || second.log_limit == kLogZero) return;
  second.log_mean = second.log_limit + delta.log_mean - delta.log_limit;
  if (l > 1) {
    const Estimate& x = (*rows)[l - 1].activation_second_moment;
    second.log_mean += x.log_mean - x.log_limit;
  }
  // Products of different samples fluctuate in a way of their own, which no
  // recursion is known for.
  if (!has_pairs) {
    const double of_inputs =
        l > 1 ? (*rows)[l - 1].activation_second_moment.log_variance +
                    2 * WithForward(forward, spread, l)
              : 0;
    second.log_variance = std::max(0.0, delta.log_variance + of_inputs);
  }
  variance = second;
  if (l > 1) {
    const double first = before.classes[0].means[Mean::kFirst];
    variance.log_mean += std::log1p(
        -std::clamp((first * first + scale * of_means) / total /
                        static_cast<double>(forward.model().width(l)),
                    0.0, 1.0));
  }
}

}  // namespace initscope
