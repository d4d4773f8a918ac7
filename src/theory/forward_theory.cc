#include "theory/forward_theory.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

#include "theory/batch_spread.h"
#include "theory/log_sum.h"

namespace initscope {
namespace {

// Below this distance 1 − E f f/E f² is linear in it.
constexpr double kLogLinear = -500;

// The pair functions of the classes, each computed on first use. Classes whose
// q have become equal share one.
class PairFunctions {
 public:
  PairFunctions(const Activation& activation, const TheoryTables& tables,
                const std::vector<ClassState>& classes)
      : activation_(activation), functions_(classes.size() * classes.size()) {
    if (activation.homogeneous) {
      functions_[0].emplace(activation);
      return;
    }
    constexpr double kSame = 1e-12;
    coefficients_.resize(classes.size());
    for (size_t i = 0; i < classes.size(); ++i) {
      size_t same = 0;
      while (same < i &&
             !(like_[same] == same &&
               std::abs(classes[same].log_q - classes[i].log_q) < kSame)) {
        ++same;
      }
      like_.push_back(same);
      if (same < i) continue;
      tables.Hermite(activation).At(classes[i].log_q, &coefficients_[i]);
    }
  }

  const PairFunction& Of(size_t a, size_t b) {
    if (activation_.homogeneous) return *functions_[0];
    a = like_[a];
    b = like_[b];
    auto& function = functions_[a * coefficients_.size() + b];
    if (!function) function.emplace(coefficients_[a], coefficients_[b]);
    return *function;
  }

 private:
  const Activation& activation_;
  std::vector<size_t> like_;
  std::vector<HermiteCoefficients> coefficients_;
  std::vector<std::optional<PairFunction>> functions_;
};

}  // namespace

ForwardTheory::ForwardTheory(const NetworkModel& model,
                             const BatchGeometry& geometry,
                             const TheoryTables& tables, StopFlag stop)
    : model_(model),
      geometry_(geometry),
      tables_(tables),
      layers_(model.depth() + 1) {
  Begin();
  for (size_t l = 0; l < model.depth(); ++l) {
    stop.Check();
    if (!HasWeights(l)) {
      holds_ = false;
      return;
    }
    Propagate(l);
    if (l + 1 < model.depth()) Activate(l + 1);
  }
}

double ForwardTheory::BeyondNormal(size_t l, size_t c) const {
  if (model_.kurtosis == 0) return 0;
  const double share = layers_[l - 1].classes[c].share;
  const double overlap = l == 1
                             ? geometry_.self_overlap()
                             : layers_[l - 1].classes[c].means[Mean::kFourth] /
                                   static_cast<double>(model_.width(l - 1));
  return model_.kurtosis * share * share * overlap;
}

double ForwardTheory::PairBeyondNormal(size_t l, size_t p) const {
  if (model_.kurtosis == 0) return 0;
  const BatchGeometry::PairGroup& group = geometry_.pairs()[p];
  const LayerState& before = layers_[l - 1];
  const double overlap = l == 1 ? geometry_.pair_overlap()
                                : before.pairs[p].means.square /
                                      static_cast<double>(model_.width(l - 1));
  return model_.kurtosis * before.classes[group.a].share *
         before.classes[group.b].share * overlap;
}

void ForwardTheory::Begin() {
  LayerState& layer = layers_[0];
  for (const BatchGeometry::Group& group : geometry_.sample_groups()) {
    layer.log_square.push_back(group.square.Log());
  }
  for (const BatchGeometry::Group& group : geometry_.classes()) {
    ClassState& state = layer.classes.emplace_back();
    state.log_square = group.square.Log();
  }
  for (const BatchGeometry::PairGroup& group : geometry_.pairs()) {
    PairState& state = layer.pairs.emplace_back();
    state.means.one_minus_f = group.one_minus_cosine;
    state.log_distance = std::log(group.one_minus_cosine);
  }
}

void ForwardTheory::Activate(size_t l) {
  LayerState& layer = layers_[l];
  const LayerState* before = l > 1 ? &layers_[l - 1] : nullptr;
  const ActivationMeans& means = tables_.Means(*model_.activation);
  for (size_t s = 0; s < layer.log_q.size(); ++s) {
    layer.means.push_back(before != nullptr &&
                                  before->log_q[s] == layer.log_q[s]
                              ? before->means[s]
                              : means.ValuesAt(layer.log_q[s]));
    layer.log_square.push_back(layer.means.back()[Mean::kLogSquare]);
  }
  for (size_t i = 0; i < layer.classes.size(); ++i) {
    ClassState& state = layer.classes[i];
    state.means = before != nullptr && before->classes[i].log_q == state.log_q
                      ? before->classes[i].means
                      : means.At(state.log_q);
    state.log_square = state.means[Mean::kLogSquare];
    if (state.variance == 0 || model_.activation->homogeneous) continue;
    const double deviation = std::sqrt(state.variance);
    const auto bend = [&](Mean mean) {
      double most = std::abs(state.means.Second(mean)) * state.variance / 2;
      for (const double y : {-2 * deviation, 2 * deviation}) {
        const double at = means.ValuesAt(state.log_q + y)[mean];
        const double linear = state.means[mean] + state.means.First(mean) * y;
        most = std::max(most, std::abs(at - linear) / 4);
      }
      return most;
    };
    state.square_bend = bend(Mean::kLogSquare);
    state.slope_bend = bend(Mean::kLogSlopeSquare);
  }
  if (!layer.pairs.empty()) ActivatePairs(l);
}

// Whether a pair is where it was one layer before. Its means are the same then,
// except for 1 − E f f, which keeps its ratio to 1 − c where that is small.
bool ForwardTheory::HasSettled(size_t l, size_t p) const {
  if (l < 2) return false;
  constexpr double kSame = 1e-10, kLinear = -20;
  const BatchGeometry::PairGroup& group = geometry_.pairs()[p];
  const LayerState &layer = layers_[l], &before = layers_[l - 1];
  for (const size_t i : {group.a, group.b}) {
    const double step = layer.classes[i].log_q - before.classes[i].log_q;
    if (!(std::abs(step) < kSame)) return false;
  }
  const PairState &now = layer.pairs[p], &then = before.pairs[p];
  const bool linear = now.log_distance < kLinear && then.log_distance < kLinear;
  const double noise = now.correlation_variance - then.correlation_variance;
  return linear || (std::abs(now.log_distance - then.log_distance) < kSame &&
                    std::abs(noise) < kSame);
}

void ForwardTheory::ActivatePairs(size_t l) {
  LayerState& layer = layers_[l];
  std::optional<PairFunctions> functions;
  for (size_t p = 0; p < layer.pairs.size(); ++p) {
    PairState& pair = layer.pairs[p];
    // Z = 0 has no angles, and f maps it to equal samples.
    const bool alike =
        pair.log_distance == kLogZero || std::isnan(pair.log_distance);
    const double lifted =
        alike ? kLogZero : std::max(pair.log_distance, kLogLinear);
    if (HasSettled(l, p)) {
      const PairState& before = layers_[l - 1].pairs[p];
      pair.means = before.means;
      if (lifted > kLogZero) {
        pair.means.one_minus_f *=
            std::exp(lifted - std::max(before.log_distance, kLogLinear));
      }
      continue;
    }
    if (!functions) {
      functions.emplace(*model_.activation, tables_, layer.classes);
    }
    const BatchGeometry::PairGroup& group = geometry_.pairs()[p];
    pair.means =
        functions->Of(group.a, group.b)
            .At(std::exp(lifted), std::sqrt(pair.correlation_variance));
  }
}

// lsuv can only scale what has a variance.
bool ForwardTheory::HasWeights(size_t l) const {
  const std::vector<double>& squares = layers_[l].log_square;
  return !model_.output_variance ||
         std::ranges::any_of(
             squares, [](double log_square) { return log_square > kLogZero; });
}

void ForwardTheory::Propagate(size_t l) {
  LayerState& layer = layers_[l];
  LayerState& next = layers_[l + 1];
  const auto fan_in = static_cast<double>(model_.width(l));
  layer.log_weight = model_.log_scale[l];
  if (model_.output_variance) {
    const auto [value, exponent] = *model_.output_variance;
    layer.log_weight = ScaledDouble{value / fan_in, exponent}.Log() -
                       LogMeanExp(layer.log_square, geometry_.sample_groups());
  }
  const double log_weights = layer.log_weight + std::log(fan_in);
  const ScaledDouble bias = model_.bias_variance[l];
  const double log_bias = bias.Log();
  for (double log_square : layer.log_square) {
    next.log_q.push_back(LogSum(log_weights + log_square, log_bias));
  }
  for (size_t i = 0; i < layer.classes.size(); ++i) {
    ClassState& state = layer.classes[i];
    ClassState& out = next.classes.emplace_back();
    out.log_q = LogSum(log_weights + state.log_square, log_bias);
    const double w = out.log_q == kLogZero
                         ? 0
                         : std::exp(log_weights + state.log_square - out.log_q);
    state.share = w;
    if (l == 0) continue;  // the input is no random quantity
    const double gamma = state.means.First(Mean::kLogSquare);
    const double curvature =
        w * state.means.Second(Mean::kLogSquare) + w * (1 - w) * gamma * gamma;
    const double noise = LogCovariance(
        state.means[Mean::kFourth] - 1 + gamma * gamma * BeyondNormal(l, i),
        fan_in);
    out.variance = w * w * (gamma * gamma * state.variance + noise);
    out.bend = w * std::abs(gamma) * state.bend + w * state.square_bend +
               w * (1 - w) * gamma * gamma * state.variance / 2;
    out.shift = w * gamma * state.shift + curvature * state.variance / 2 -
                w * w * noise / 2;
  }
  PropagatePairs(l, log_weights, bias);
  if (next.pairs.empty()) return;
  next.squared_cosine = MeanOver(geometry_.pairs(), [&](size_t p) {
    return next.pairs[p].SquaredCosine();
  });
}

void ForwardTheory::PropagatePairs(size_t l, double log_weights,
                                   ScaledDouble bias) {
  LayerState& layer = layers_[l];
  LayerState& next = layers_[l + 1];
  const auto fan_in = static_cast<double>(model_.width(l));
  for (size_t p = 0; p < layer.pairs.size(); ++p) {
    PairState& pair = layer.pairs[p];
    const BatchGeometry::PairGroup& group = geometry_.pairs()[p];
    const ClassState& a = layer.classes[group.a];
    const ClassState& b = layer.classes[group.b];
    PairState& out = next.pairs.emplace_back();
    // 1 − K_ab/√(K_aa K_bb) = W (1 − cos X + d²/(1/W + 1 + r_a r_b))
    //
    // W = √(w_a w_b),  d = r_a − r_b,  σ_b² = r² S E f²
    const double shares = a.share * b.share, weights = std::sqrt(shares);
    if (weights == 0) {
      out.log_distance = bias.value > 0 ? kLogZero : kNoTheory;
      continue;
    }
    const auto root = [&](const ClassState& state) {
      if (bias.value == 0) return 0.0;
      const double log_unit =
          static_cast<double>(bias.exponent) * std::numbers::ln2;
      return std::sqrt(bias.value *
                       std::exp(log_unit - log_weights - state.log_square));
    };
    const double root_a = root(a), root_b = root(b);
    const double differing = root_a - root_b;
    const double distance =
        pair.means.one_minus_f +
        differing * differing / (1 / weights + 1 + root_a * root_b);
    // Undoes the lift of ActivatePairs into double's range.
    const double fallen = l > 0 && pair.log_distance > kLogZero
                              ? std::min(0.0, pair.log_distance - kLogLinear)
                              : 0;
    out.log_distance = std::log(weights * std::max(0.0, distance)) + fallen;
    if (l == 0) {
      out.correlation_variance = shares * group.variance;
      continue;
    }
    const double powers = a.means[Mean::kGrowth] * b.means[Mean::kGrowth];
    const double noise = LogCovariance(
        pair.means.square - 1 + powers * PairBeyondNormal(l, p), fan_in);
    pair.steepness =
        weights * pair.means.slope *
        std::exp((a.log_q + b.log_q + a.means[Mean::kLogSlopeSquare] +
                  b.means[Mean::kLogSlopeSquare] - a.log_square -
                  b.log_square) /
                 2);
    const double c = 1 - pair.means.one_minus_f;
    out.correlation_variance = std::min(
        1.0,
        pair.steepness * pair.steepness * pair.correlation_variance +
            shares * CorrelationVariance(c * c, pair.means.square, fan_in));
    out.covariance =
        shares * (a.means.First(Mean::kLogSquare) *
                      b.means.First(Mean::kLogSquare) * pair.covariance +
                  noise);
  }
}

}  // namespace initscope
