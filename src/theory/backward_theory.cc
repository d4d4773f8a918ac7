#include "theory/backward_theory.h"

#include <algorithm>
#include <cmath>

#include "theory/batch_spread.h"

namespace initscope {
namespace {

constexpr double kNever = -HUGE_VAL;  // the logarithm of zero

// delta_l of the samples of one class.
struct ClassDelta {
  double log_square;    // log E delta_l²
  double shift = 0;     // of the mean logarithm at finite width
  double response = 0;  // d log p_l/d y_l
  double noise = 0;     // what else the variance of log p_l has
};

// delta_l of the pairs of one group.
struct PairDelta {
  double product;        // E delta_a delta_b, in units of e^log_unit
  double cosine_square;  // ρ²
  double noise = 0;      // as above, covariance
};

class Recursion {
 public:
  Recursion(const ForwardTheory& forward, const DeltaStart& start,
            std::vector<TheoryRow>* rows)
      : forward_(forward),
        geometry_(forward.geometry()),
        model_(forward.model()),
        rows_(*rows),
        has_products_(!start.product.empty() || geometry_.batch() == 1),
        log_square_(start.log_square),
        log_unit_(start.log_unit) {
    for (double log_square : start.class_log_square) {
      classes_.push_back({log_square});
    }
    for (size_t p = 0; p < geometry_.pairs().size(); ++p) {
      if (start.product.empty()) {
        pairs_.push_back({0, 0});
      } else {
        pairs_.push_back({start.product[p], start.cosine_square[p]});
      }
    }
  }

  void Step(size_t l);
  void Fill(size_t l) const;

 private:
  void StepClass(size_t l, size_t i, double log_weights);
  void StepPair(size_t l, size_t p, double log_weights);
  double RelativeProduct(size_t p, double log_unit) const;
  void FillWeightGradient(size_t l) const;
  double WithForward(size_t l) const;

  const ForwardTheory& forward_;
  const BatchGeometry& geometry_;
  const NetworkModel& model_;
  std::vector<TheoryRow>& rows_;
  bool has_products_;
  std::vector<double> log_square_;  // per sample group
  std::vector<ClassDelta> classes_;
  std::vector<PairDelta> pairs_;
  double log_unit_;
};

void Recursion::StepPair(size_t l, size_t p, double log_weights) {
  const BatchGeometry::PairGroup& group = geometry_.pairs()[p];
  PairDelta& pair = pairs_[p];
  const LayerState& layer = forward_.layer(l);
  const auto width = static_cast<double>(model_.widths[l]);
  if (l == 0) {
    pair.noise += LogCovariance(2 * pair.cosine_square, width);
    pair.product *= std::exp(log_weights);
    return;
  }
  const PairMeans& means = layer.pairs[p].means;
  const ClassState& a = layer.classes[group.a];
  const ClassState& b = layer.classes[group.b];
  const double pull_a = classes_[group.a].response * a.share;
  const double pull_b = classes_[group.b].response * b.share;
  pair.noise +=
      LogCovariance(means.slope_square * (1 + 2 * pair.cosine_square) - 1 +
                        (pull_a + pull_b) * (means.mixed - 1) +
                        pull_a * pull_b * (means.square - 1),
                    width);
  const double mean = pair.cosine_square * means.slope * means.slope;
  const double of_product = means.slope_square * (1 + 2 * pair.cosine_square);
  pair.cosine_square =
      std::min(1.0, mean + CorrelationVariance(mean, of_product, width));
  pair.product *=
      means.slope * std::exp(log_weights + (a.means[Mean::kLogSlopeSquare] +
                                            b.means[Mean::kLogSlopeSquare]) /
                                               2);
}

void Recursion::StepClass(size_t l, size_t i, double log_weights) {
  ClassDelta& delta = classes_[i];
  const ClassState& state = forward_.layer(l).classes[i];
  const auto width = static_cast<double>(model_.widths[l]);
  // W_l is fixed along X_l: only where delta_{l+1} knows Z_{l+1}.
  if (l + 1 < model_.depth()) {
    const double kappa =
        forward_.layer(l + 1).classes[i].means.First(Mean::kLogSlopeSquare);
    const double aligned = l > 0 ? state.means[Mean::kMixed] : 1;
    delta.shift += 2 * kappa * state.share * aligned / width;
  }
  delta.log_square += log_weights;
  if (l == 0) {
    const double noise = LogCovariance(2, width);
    delta.noise += noise;
    delta.shift -= noise / 2;
    delta.response = 0;  // the input is no random quantity
    return;
  }
  const MeansAt& means = state.means;
  const double kappa = means.First(Mean::kLogSlopeSquare);
  const double pull = delta.response * state.share;
  const double own = 3 * std::exp(means[Mean::kLogSlopeFourth]) - 1;
  delta.noise += LogCovariance(own + 2 * pull * (means[Mean::kMixed] - 1) +
                                   pull * pull * (means[Mean::kFourth] - 1),
                               width);
  delta.shift += kappa * state.shift +
                 means.Second(Mean::kLogSlopeSquare) * state.variance / 2 -
                 LogCovariance(own, width) / 2;
  delta.response = kappa + pull * means.First(Mean::kLogSquare);
  delta.log_square += means[Mean::kLogSlopeSquare];
}

// From row l + 1 to row l.
void Recursion::Step(size_t l) {
  const LayerState& layer = forward_.layer(l);
  const double log_weights =
      layer.log_weight + std::log(static_cast<double>(model_.widths[l + 1]));
  for (size_t s = 0; s < log_square_.size(); ++s) {
    log_square_[s] += log_weights;
    if (l > 0) {
      log_square_[s] +=
          layer.means[s][static_cast<size_t>(Mean::kLogSlopeSquare)];
    }
  }
  // Products keep pace with the first class, so that they stay in range.
  const double before = classes_[0].log_square;
  for (size_t p = 0; p < pairs_.size(); ++p) {
    const double slope =
        l > 0 ? layer.classes[0].means[Mean::kLogSlopeSquare] : 0;
    StepPair(l, p, log_weights == kNever ? kNever : -slope);
  }
  for (size_t i = 0; i < classes_.size(); ++i) StepClass(l, i, log_weights);
  if (std::isfinite(classes_[0].log_square)) {
    log_unit_ += classes_[0].log_square - before;
  }
}

double Recursion::RelativeProduct(size_t p, double log_unit) const {
  const double product = pairs_[p].product;
  return product == 0 ? 0 : product * std::exp(log_unit_ - log_unit);
}

void Recursion::Fill(size_t l) const {
  TheoryRow& row = rows_[l];
  const auto width = static_cast<double>(model_.widths[l]);
  Estimate& second = row.delta_second_moment;
  second.log_limit = LogMeanExp(log_square_, geometry_.sample_groups());
  Estimate& variance = row.delta_variance;
  variance.log_limit = second.log_limit;
  if (model_.independent && second.log_limit == kNever) {
    second.log_mean = variance.log_mean = kNever;
    second.log_variance = variance.log_variance = 0;
  } else if (model_.independent) {
    const LayerState& layer = forward_.layer(l);
    std::vector<ClassLaw> laws;
    for (size_t i = 0; i < classes_.size(); ++i) {
      const ClassDelta& delta = classes_[i];
      laws.push_back(
          {delta.log_square, delta.shift,
           delta.response * delta.response * layer.classes[i].variance +
               delta.noise});
    }
    SpreadOfMean(
        geometry_, laws,
        [&](size_t p) {
          const BatchGeometry::PairGroup& group = geometry_.pairs()[p];
          return classes_[group.a].response * classes_[group.b].response *
                     layer.pairs[p].covariance +
                 pairs_[p].noise;
        },
        &second);
    const double mean_square = MeanOverPairs(
        geometry_,
        [&](size_t i) {
          return std::exp(classes_[i].log_square - second.log_limit);
        },
        [&](size_t p) { return RelativeProduct(p, second.log_limit); });
    variance.log_mean = second.log_mean +
                        std::log1p(-std::clamp(mean_square / width, 0.0, 1.0));
    variance.log_variance = second.log_variance;
  }
  if (l > 0 && has_products_) FillWeightGradient(l);
}

// Covariance of the logarithms of X_{l−1}² and delta_l², of one sample.
double Recursion::WithForward(size_t l) const {
  double sum = 0, total = 0;
  for (size_t i = 0; i < classes_.size(); ++i) {
    const double share = forward_.layer(l - 1).classes[i].share;
    const double count = geometry_.classes()[i].count;
    total += count;
    if (share == 0) continue;
    sum += count * classes_[i].response / share *
           forward_.layer(l).classes[i].variance;
  }
  return sum / total;
}

// dW_{l−1} = X_{l−1}ᵀ delta_l: its second moment is Σ_ab E x_a x_b E δ_a δ_b.
void Recursion::FillWeightGradient(size_t l) const {
  const LayerState& before = forward_.layer(l - 1);
  const auto batch = static_cast<double>(geometry_.batch());
  std::vector<double> of_samples;
  for (size_t s = 0; s < log_square_.size(); ++s) {
    of_samples.push_back(before.log_square[s] + log_square_[s]);
  }
  const double log_same = LogMeanExp(of_samples, geometry_.sample_groups());
  double different = 0, means = 0;  // in units of e^log_same
  const bool has_pairs =
      geometry_.pairs_share_a_batch() && log_same > kNever && !pairs_.empty();
  for (size_t p = 0; p < pairs_.size() && has_pairs; ++p) {
    const BatchGeometry::PairGroup& group = geometry_.pairs()[p];
    const ClassState& a = before.classes[group.a];
    const ClassState& b = before.classes[group.b];
    const double product =
        group.count *
        RelativeProduct(p, log_same - (a.log_square + b.log_square) / 2);
    different += product * (1 - before.pairs[p].means.one_minus_f);
    means += product * a.means[Mean::kFirst] * b.means[Mean::kFirst];
  }
  const double scale = has_pairs ? (batch - 1) / geometry_.pair_count() : 0;
  const double total = 1 + scale * different;
  Estimate& second = rows_[l].weight_gradient_second_moment;
  Estimate& variance = rows_[l].weight_gradient_variance;
  second.log_limit = log_same + std::log(batch * std::max(0.0, total));
  variance.log_limit = second.log_limit;
  const Estimate& delta = rows_[l].delta_second_moment;
  if (!model_.independent || second.log_limit == kNever) return;
  second.log_mean = second.log_limit + delta.log_mean - delta.log_limit;
  if (l > 1) {
    const Estimate& x = rows_[l - 1].activation_second_moment;
    second.log_mean += x.log_mean - x.log_limit;
  }
  // Products of different samples fluctuate in a way of their own, which no
  // recursion is known for.
  if (!has_pairs) {
    const double forward =
        l > 1 ? rows_[l - 1].activation_second_moment.log_variance +
                    2 * WithForward(l)
              : 0;
    second.log_variance = std::max(0.0, delta.log_variance + forward);
  }
  variance = second;
  if (l > 1) {
    const double first = before.classes[0].means[Mean::kFirst];
    variance.log_mean +=
        std::log1p(-std::clamp((first * first + scale * means) / total /
                                   static_cast<double>(model_.widths[l]),
                               0.0, 1.0));
  }
}

}  // namespace

void FillBackward(const ForwardTheory& forward, const DeltaStart& start,
                  std::vector<TheoryRow>* rows, StopFlag stop) {
  if (!forward.holds()) return;
  Recursion recursion(forward, start, rows);
  recursion.Fill(start.layer);
  for (size_t l = start.layer; l-- > 0;) {
    stop.Check();
    recursion.Step(l);
    recursion.Fill(l);
  }
}

}  // namespace initscope
