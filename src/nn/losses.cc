#include "nn/losses.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "base/matrix.h"
#include "linalg/scaled_matrix.h"
#include "random/variates.h"

namespace initscope {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double Plain(double mantissa, int64_t exponent) {
  return ScaledDouble{mantissa, exponent}.ToDouble();
}

// y log(y/x) with its limit 0 at y = 0; `log_x` is log x.
double RelativeEntropyTerm(double y, double log_x) {
  return y == 0 ? 0.0 : y * (std::log(y) - log_x);
}

double EntropyTerm(double y) { return y == 0 ? 0.0 : -y * std::log(y); }

// log(1 + e^z), for any z including ±∞.
double Softplus(double z) {
  return std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z)));
}

double Sigmoid(double z) {
  const double e = std::exp(-std::abs(z));
  return (z >= 0 ? 1 : e) / (1 + e);
}

// If all entries of a row of delta are below this, the row is recomputed with
// an exponent of its own. Numbers below the smallest normal one are flushed to
// 0, so this keeps entries down to 1e-18 of the largest.
constexpr double kLeastDelta = 0x1p-960;
// e^−x counts as 0 for x beyond this. Its exponent, even times four (in second
// moments of products), stays far from the limits of int64_t.
constexpr double kLargestLog = 2e17;

// The exponent of a row of delta whose largest part is e^log_part: 0 if the
// range of a double suffices.
int64_t DeltaExponent(double log_part) {
  const double log2 = log_part / std::numbers::ln2;
  const bool has_one =
      log2 < std::log2(kLeastDelta) && log_part >= -kLargestLog;
  return has_one ? static_cast<int64_t>(std::floor(log2)) : 0;
}

// ‖z − y‖²/(2mc). The target is brought to the exponent of the logits, not the
// reverse, so exploding logits keep a finite delta.
LossRow Mse(const LossInput& in, double* delta, int64_t* delta_exponent) {
  const int64_t e = std::max<int64_t>(in.exponent, 0);
  const double scale =
      1 / (static_cast<double>(in.samples) * static_cast<double>(in.outputs));
  const double logit_unit = PowerOfTwo(in.exponent - e);
  const double target_unit = PowerOfTwo(-e);
  double squares = 0;
  for (size_t j = 0; j < in.outputs; ++j) {
    const double d = in.logits[j] * logit_unit - in.target[j] * target_unit;
    squares += d * d;
    delta[j] = d * scale;
  }
  *delta_exponent = e;
  return {{squares * scale / 2, 2 * e}, kNaN, kNaN, kNaN};
}

// (1 − y) σ(z) − y σ(−z) for every output, each term through its logarithm.
void TinySigmoidDelta(const LossInput& in, double* delta, int64_t* exponent) {
  const double m = static_cast<double>(in.samples);
  std::vector<double> log_up(in.outputs), log_down(in.outputs);
  double largest = -HUGE_VAL;
  for (size_t j = 0; j < in.outputs; ++j) {
    const double z = Plain(in.logits[j], in.exponent);
    log_up[j] = std::log1p(-in.target[j]) - Softplus(-z);
    log_down[j] = std::log(in.target[j]) - Softplus(z);
    largest = std::max({largest, log_up[j], log_down[j]});
  }
  *exponent = DeltaExponent(largest);
  for (size_t j = 0; j < in.outputs && *exponent != 0; ++j) {
    delta[j] =
        (ExpScaled(log_up[j], *exponent) - ExpScaled(log_down[j], *exponent)) /
        m;
  }
}

LossRow SigmoidCrossEntropy(const LossInput& in, double* delta,
                            int64_t* delta_exponent) {
  const double m = static_cast<double>(in.samples);
  LossRow out;
  for (size_t j = 0; j < in.outputs; ++j) {
    const double z = Plain(in.logits[j], in.exponent);
    const double y = in.target[j];
    // −log ŷ = softplus(−z), −log(1 − ŷ) = softplus(z). A weight of 0 must not
    // be multiplied by an infinite logit.
    const double log_one = -Softplus(-z);
    const double log_zero = -Softplus(z);
    if (y > 0) out.cross_entropy -= y * log_one;
    if (y < 1) out.cross_entropy -= (1 - y) * log_zero;
    out.label_entropy += EntropyTerm(y) + EntropyTerm(1 - y);
    out.kl_divergence +=
        RelativeEntropyTerm(y, log_one) + RelativeEntropyTerm(1 - y, log_zero);
    // ŷ − y without cancellation at y = 0 and y = 1.
    delta[j] = ((1 - y) * Sigmoid(z) - y * Sigmoid(-z)) / m;
  }
  out.value.value = out.cross_entropy / m;
  *delta_exponent = 0;
  if (MaxMagnitude(delta, in.outputs) < kLeastDelta) {
    TinySigmoidDelta(in, delta, delta_exponent);
  }
  return out;
}

// ŷ − y if both have almost all their mass at `top`. Then log ŷ_j = z_j −
// z_top, and delta of `top` is minus the sum of the others.
void TinySoftmaxDelta(const LossInput& in, size_t top, double* delta,
                      int64_t* exponent) {
  const double m = static_cast<double>(in.samples);
  const auto log_p = [&](size_t j) {
    return Plain(in.logits[j] - in.logits[top], in.exponent);
  };
  double largest = -HUGE_VAL;
  for (size_t j = 0; j < in.outputs; ++j) {
    if (j != top) {
      largest = std::max({largest, log_p(j), std::log(in.target[j])});
    }
  }
  *exponent = DeltaExponent(largest);
  if (*exponent == 0) return;
  delta[top] = 0;
  for (size_t j = 0; j < in.outputs; ++j) {
    if (j == top) continue;
    const double y = Plain(in.target[j], -*exponent);
    delta[j] = (ExpScaled(log_p(j), *exponent) - y) / m;
    delta[top] -= delta[j];
  }
}

LossRow SoftmaxCrossEntropy(const LossInput& in, double* delta,
                            int64_t* delta_exponent) {
  const size_t c = in.outputs;
  const double m = static_cast<double>(in.samples);
  const size_t top = static_cast<size_t>(
      std::max_element(in.logits, in.logits + c) - in.logits);
  // Logits relative to the largest give the same ŷ.
  double others = 0;  // Σ e^(z_j − z_top) without the largest
  for (size_t j = 0; j < c; ++j) {
    delta[j] = Plain(in.logits[j] - in.logits[top], in.exponent);
    if (j != top) others += std::exp(delta[j]);
  }
  const double log_sum = std::log1p(others);
  LossRow out;
  double y_others = 0;
  for (size_t j = 0; j < c; ++j) {
    const double y = in.target[j];
    const double log_p = delta[j] - log_sum;
    if (y > 0) out.cross_entropy -= y * log_p;
    out.label_entropy += EntropyTerm(y);
    out.kl_divergence += RelativeEntropyTerm(y, log_p);
    if (j != top) {
      y_others += y;
      delta[j] = (std::exp(log_p) - y) / m;
    }
  }
  // ŷ_top − y_top = (1 − y_top) − (1 − ŷ_top), because both may be near 1.
  delta[top] = (y_others - others / (1 + others)) / m;
  out.value.value = out.cross_entropy / m;
  *delta_exponent = 0;
  if (MaxMagnitude(delta, c) < kLeastDelta) {
    TinySoftmaxDelta(in, top, delta, delta_exponent);
  }
  return out;
}

// Σ R ⊙ Z: delta_L is R itself.
LossRow Probe(const LossInput& in, double* delta, int64_t* delta_exponent) {
  double sum = 0;
  for (size_t j = 0; j < in.outputs; ++j) {
    sum += in.target[j] * in.logits[j];
    delta[j] = in.target[j];
  }
  *delta_exponent = 0;
  return {{sum, in.exponent}, kNaN, kNaN, kNaN};
}

void PredictItself(const double* logits, size_t outputs, double* prediction) {
  std::copy(logits, logits + outputs, prediction);
}

void PredictSigmoid(const double* logits, size_t outputs, double* prediction) {
  std::transform(logits, logits + outputs, prediction, Sigmoid);
}

// Uses logits relative to the largest, so nothing overflows.
void PredictSoftmax(const double* logits, size_t outputs, double* prediction) {
  const double top = *std::max_element(logits, logits + outputs);
  double sum = 0;
  for (size_t j = 0; j < outputs; ++j) {
    prediction[j] = std::exp(logits[j] - top);
    sum += prediction[j];
  }
  for (size_t j = 0; j < outputs; ++j) prediction[j] /= sum;
}

template <Stream kStream>
void DrawNormal(uint64_t seed, uint32_t row, size_t outputs, double* target) {
  FillVariates(VariateLaw::kNormal, {seed, kStream, 0}, row, 0,
               MatrixView<double>(target, 1, outputs));
}

// One-hot, the class ⌊c·u⌋ with u the uniform number at column 0.
void DrawClass(uint64_t seed, uint32_t row, size_t outputs, double* target) {
  const double u = Uniform01(RandomWord({seed, Stream::kTargets, 0}, row, 0));
  const auto drawn = static_cast<size_t>(u * static_cast<double>(outputs));
  std::fill(target, target + outputs, 0.0);
  target[drawn] = 1;
}

void DrawBernoulli(uint64_t seed, uint32_t row, size_t outputs,
                   double* target) {
  for (size_t j = 0; j < outputs; ++j) {
    const uint32_t word =
        RandomWord({seed, Stream::kTargets, 0}, row, static_cast<uint32_t>(j));
    target[j] = Uniform01(word) < 0.5 ? 1 : 0;
  }
}

// clang-format off
constexpr Loss kLosses[] = {
    {"mse", "‖X_L - Y‖²/(2 m c)", "(X_L - Y)/(m c)", "-",
     Mse, PredictItself, DrawNormal<Stream::kTargets>, true, false, false,
     false, false, "Y: the targets"},
    {"sigmoid_cross_entropy",
     "mean over samples of Σ_j -[y log ŷ + (1-y) log(1-ŷ)], ŷ = σ(Z_L)",
     "(ŷ - Y)/m", "-",
     SigmoidCrossEntropy, PredictSigmoid, DrawBernoulli, true, true, true,
     false, false, "Y: the targets"},
    {"softmax_cross_entropy",
     "mean over samples of -Σ_j y_j log ŷ_j, ŷ = softmax(Z_L)", "(ŷ - Y)/m",
     "Bridle, NeurIPS 1989",
     SoftmaxCrossEntropy, PredictSoftmax, DrawClass, true, true, false,
     true, false, "Y: the targets"},
    {"probe", "Σ R ⊙ Z_L, R i.i.d. N(0,1)", "R", "-",
     Probe, PredictItself, DrawNormal<Stream::kProbes>, false, false, false,
     false, true, "R: the probe"},
};
// clang-format on

}  // namespace

std::span<const Loss> Losses() { return kLosses; }

}  // namespace initscope
