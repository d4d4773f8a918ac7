#include "theory/backward_theory.h"

#include <algorithm>
#include <cmath>

#include "theory/backward_means.h"
#include "theory/backward_spread.h"
#include "theory/batch_spread.h"
#include "theory/output_kernel.h"
#include "theory/weight_gradient_law.h"

namespace initscope {
namespace {

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
  const double mean_square = MeanOverPairs(
      geometry,
      [&](size_t i) {
        return std::exp(means.classes()[i].log_square - second.log_limit);
      },
      [&](size_t p) { return means.Product(p, second.log_limit); });
  const auto width = static_cast<double>(forward.model().width(l));
  variance.log_mean =
      second.log_mean + std::log1p(-std::clamp(mean_square / width, 0.0, 1.0));
  variance.log_variance = second.log_variance;
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
