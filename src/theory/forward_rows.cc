#include "theory/forward_rows.h"

#include <algorithm>
#include <cmath>

#include "theory/activation_variance.h"
#include "theory/band_limits.h"
#include "theory/batch_spread.h"

namespace initscope {
namespace {

// One row while its columns are made.
class Row {
 public:
  Row(const ForwardTheory& forward, size_t l)
      : geometry_(forward.geometry()),
        layer_(forward.layer(l)),
        width_(static_cast<double>(forward.model().width(l))),
        independent_(forward.model().independent),
        forward_(forward),
        l_(l) {}

  void FillPreActivation(TheoryRow* row) const;
  void FillCosine(TheoryRow* row) const;
  void FillActivation(TheoryRow* row) const;
  void FillSlope(TheoryRow* row) const;

 private:
  const ClassState& ClassA(size_t p) const {
    return layer_.classes[geometry_.pairs()[p].a];
  }
  const ClassState& ClassB(size_t p) const {
    return layer_.classes[geometry_.pairs()[p].b];
  }
  double Cosine(size_t p) const {
    return 1 - std::exp(layer_.pairs[p].log_distance);
  }

  // The estimate of a mean over units and samples that is a power of q nearby:
  // `log` of the means at q, and the relative covariance of one unit.
  template <class PairCovariance>
  void FillMean(Mean log, const std::vector<double>& of_samples,
                const std::function<double(const ClassState&)>& unit,
                PairCovariance pair_unit, Estimate* estimate) const;
  void FillActivationVariance(TheoryRow* row) const;

  const BatchGeometry& geometry_;
  const LayerState& layer_;
  double width_;
  bool independent_;
  const ForwardTheory& forward_;
  size_t l_;
};

template <class PairCovariance>
void Row::FillMean(Mean log, const std::vector<double>& of_samples,
                   const std::function<double(const ClassState&)>& unit,
                   PairCovariance pair_unit, Estimate* estimate) const {
  estimate->log_limit = LogMeanExp(of_samples, geometry_.sample_groups());
  if (!independent_) return;
  std::vector<ClassLaw> laws;
  for (size_t i = 0; i < layer_.classes.size(); ++i) {
    const ClassState& state = layer_.classes[i];
    const double power = state.means.First(log);
    const double noise = LogCovariance(
        unit(state) + power * power * forward_.BeyondNormal(l_, i), width_);
    const double bend =
        std::abs(power) * state.bend +
        (log == Mean::kLogSquare ? state.square_bend : state.slope_bend);
    if (IsBent(bend, power * power * state.variance + noise)) return;
    laws.push_back({state.means[log],
                    power * state.shift +
                        state.means.Second(log) * state.variance / 2 -
                        noise / 2,
                    power * power * state.variance + noise});
  }
  SpreadOfMean(
      geometry_, laws,
      [&](size_t p) {
        const double powers =
            ClassA(p).means.First(log) * ClassB(p).means.First(log);
        return powers * layer_.pairs[p].covariance +
               LogCovariance(
                   pair_unit(p) + powers * forward_.PairBeyondNormal(l_, p),
                   width_);
      },
      estimate);
}

void Row::FillPreActivation(TheoryRow* row) const {
  Estimate& second = row->pre_activation_second_moment;
  second.log_limit = LogMeanExp(layer_.log_q, geometry_.sample_groups());
  Estimate& variance = row->pre_activation_variance;
  variance.log_limit = second.log_limit;
  if (!independent_) return;
  std::vector<ClassLaw> laws;
  for (size_t i = 0; i < layer_.classes.size(); ++i) {
    const ClassState& state = layer_.classes[i];
    const double noise =
        LogCovariance(2 + forward_.BeyondNormal(l_, i), width_);  // of Z²
    if (IsBent(state.bend, state.variance + noise)) return;
    laws.push_back(
        {state.log_q, state.shift - noise / 2, state.variance + noise});
  }
  SpreadOfMean(
      geometry_, laws,
      [&](size_t p) {
        const PairState& pair = layer_.pairs[p];
        const double c2 =
            std::min(1.0, Cosine(p) * Cosine(p) + pair.correlation_variance);
        return pair.covariance +
               LogCovariance(2 * c2 + forward_.PairBeyondNormal(l_, p), width_);
      },
      &second);
  // Less the square of the mean over units and samples.
  const auto relative = [&](double log) {
    return log == kLogZero ? 0 : std::exp(log - second.log_limit);
  };
  const double mean_square = MeanOverPairs(
      geometry_, [&](size_t i) { return relative(layer_.classes[i].log_q); },
      [&](size_t p) {
        return Cosine(p) * relative((ClassA(p).log_q + ClassB(p).log_q) / 2);
      });
  variance.log_mean =
      second.log_mean + std::log1p(-std::min(1.0, mean_square / width_));
  variance.log_variance = second.log_variance;
}

void Row::FillCosine(TheoryRow* row) const {
  if (layer_.pairs.empty() || !geometry_.pairs_share_a_batch()) return;
  std::vector<double> distances;
  for (const PairState& pair : layer_.pairs) {
    if (std::isnan(pair.log_distance)) return;
    distances.push_back(pair.log_distance);
  }
  row->log_one_minus_cosine = LogMeanExp(distances, geometry_.pairs());
}

void Row::FillSlope(TheoryRow* row) const {
  double slope = 0, total = 0;
  std::vector<double> log_square;
  for (size_t s = 0; s < layer_.means.size(); ++s) {
    const double count = geometry_.sample_groups()[s].count;
    log_square.push_back(
        layer_.means[s][static_cast<size_t>(Mean::kLogSlopeSquare)]);
    slope += count * layer_.means[s][static_cast<size_t>(Mean::kSlope)] *
             std::exp(log_square.back() / 2);
    total += count;
  }
  row->slope_mean = slope / total;
  FillMean(
      Mean::kLogSlopeSquare, log_square,
      [](const ClassState& state) {
        return std::expm1(state.means[Mean::kLogSlopeFourth]);
      },
      [&](size_t p) { return layer_.pairs[p].means.slope_square - 1; },
      &row->slope_second_moment);
}

void Row::FillActivation(TheoryRow* row) const {
  FillMean(
      Mean::kLogSquare, layer_.log_square,
      [](const ClassState& state) { return state.means[Mean::kFourth] - 1; },
      [&](size_t p) { return layer_.pairs[p].means.square - 1; },
      &row->activation_second_moment);
  FillActivationVariance(row);
}

// V = M − m², with M and m the means of X² and X over samples and units.
void Row::FillActivationVariance(TheoryRow* row) const {
  const Estimate& second = row->activation_second_moment;
  Estimate& variance = row->activation_variance;
  if (second.log_limit == kLogZero) {
    variance = second;
    row->activation_mean = row->activation_mean_std = 0;
    return;
  }
  const ActivationVariance v(forward_, l_, second.log_limit);
  const double unit = std::exp(second.log_limit / 2);
  row->activation_mean = v.mean() == 0 ? 0 : v.mean() * unit;
  variance.log_limit = second.log_limit + std::log(v.limit());
  if (!independent_) return;
  row->activation_mean_std = unit * std::sqrt(v.MeanVariance());
  if (v.limit() == 0) {
    variance.log_mean = kLogZero;
    variance.log_variance = 0;
    return;
  }
  const double square =
      std::exp(second.log_mean + second.log_variance / 2 - second.log_limit);
  // A difference that its own fluctuation may make negative has no logarithm.
  const double log_variance = v.LogVariance();
  const double log_expected = std::log(v.Expectation(square) / v.limit());
  if (std::isnan(second.log_mean) ||
      !(std::abs(log_expected) <= kLargestWidening)) {
    return;
  }
  variance.log_variance = log_variance;
  variance.log_mean = variance.log_limit + log_expected - log_variance / 2;
}

}  // namespace

std::vector<TheoryRow> ForwardRows(const ForwardTheory& forward, Jobs jobs) {
  const size_t depth = forward.model().depth();
  std::vector<TheoryRow> rows(depth + 1);
  if (!forward.holds()) return rows;
  ParallelFor(depth, jobs, [&](size_t i) {
    const size_t l = i + 1;
    const Row made(forward, l);
    made.FillPreActivation(&rows[l]);
    made.FillCosine(&rows[l]);
    if (l == depth) return;
    made.FillActivation(&rows[l]);
    made.FillSlope(&rows[l]);
  });
  TheoryRow& output = rows[depth];  // X_L = Z_L
  output.activation_second_moment = output.pre_activation_second_moment;
  output.activation_variance = output.pre_activation_variance;
  output.activation_mean = 0;
  return rows;
}

}  // namespace initscope
