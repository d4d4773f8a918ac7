#include "check/entry_gradient.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace initscope {
namespace {

double MaxAbsOfColumn(const Matrix<double>& a, size_t j) {
  double most = 0;
  for (size_t i = 0; i < a.rows(); ++i)
    most = std::max(most, std::abs(a(i, j)));
  return most;
}

double MaxAbsOfRow(const Matrix<double>& a, size_t i) {
  double most = 0;
  for (size_t j = 0; j < a.cols(); ++j)
    most = std::max(most, std::abs(a(i, j)));
  return most;
}

// Whether f' itself jumps at a kink of the activation, and not only f''.
bool SlopeJumps(const Activation& f) {
  return std::ranges::any_of(f.kinks, [&](double kink) {
    return std::abs(f.slope(kink + 1e-9) - f.slope(kink)) > 1e-3;
  });
}

// Whether the loss is a polynomial in each weight, except for kinks: f is
// linear on both sides of 0, and the head is the identity, as for mse and
// probe.
bool IsPolynomial(const NetworkParameters& p) {
  const double logits[] = {-3, 2};
  double prediction[2];
  p.loss->predict(logits, 2, prediction);
  return p.network.activation->homogeneous &&
         std::equal(logits, logits + 2, prediction);
}

}  // namespace

std::string GradientTensor::Name() const {
  return fmt::format("{}_{}",
                     kind == GradientKind::kDelta    ? "delta"
                     : kind == GradientKind::kWeight ? "dW"
                                                     : "db",
                     layer);
}

const Matrix<double>& GradientTensor::In(const EngineGradients& g) const {
  return kind == GradientKind::kDelta    ? g.delta[layer]
         : kind == GradientKind::kWeight ? g.dw[layer]
                                         : g.db[layer];
}

std::vector<GradientTensor> GradientTensors(size_t depth) {
  std::vector<GradientTensor> tensors = {{GradientKind::kDelta, depth}};
  for (size_t l = depth; l-- > 0;) {
    tensors.push_back({GradientKind::kWeight, l});
    tensors.push_back({GradientKind::kBias, l});
    tensors.push_back({GradientKind::kDelta, l});
  }
  return tensors;
}

EntryGradient::EntryGradient(const EngineGradients& gradients,
                             const PlainNetwork& network,
                             const RoundingNoise& noise,
                             const AnalyticRounding& rounding)
    : p_(gradients.parameters),
      network_(network),
      noise_(noise),
      rounding_(rounding),
      slope_jumps_(SlopeJumps(*p_.network.activation)),
      is_polynomial_(IsPolynomial(p_)) {}

// The entry with respect to which the loss is differentiated.
double EntryGradient::Value(GradientTensor t, size_t i, size_t j) const {
  if (t.kind == GradientKind::kWeight) return p_.w[t.layer](i, j);
  if (t.kind == GradientKind::kBias) return p_.b[t.layer](0, j);
  return t.layer == 0 ? p_.x(i, j) : network_.z(t.layer)(i, j);
}

double EntryGradient::Noise(GradientTensor t, size_t i, size_t j) const {
  return t.kind == GradientKind::kDelta ? noise_.OfUnit(t.layer, i, j)
                                        : noise_.OfColumn(t.layer + 1, j);
}

// The change that moves the next pre-activation z by 1, the scale on which
// activations and losses bend; for a polynomial by |z| if that is more.
double EntryGradient::LargestStep(GradientTensor t, size_t i, size_t j) const {
  double z = 0, factor = 1;
  if (t.kind == GradientKind::kDelta && t.layer > 0) {
    z = std::abs(network_.z(t.layer)(i, j));
  } else if (t.kind == GradientKind::kDelta) {
    z = MaxAbsOfRow(network_.z(1), i);
    factor = MaxAbsOfRow(p_.w[0], j);
  } else {
    z = MaxAbsOfColumn(network_.z(t.layer + 1), j);
    if (t.kind == GradientKind::kWeight) {
      factor = MaxAbsOfColumn(network_.x(t.layer), i);
    }
  }
  const double scale = is_polynomial_ ? std::max(1.0, z) : 1.0;
  return std::min(factor == 0 ? 1.0 : scale / factor, 1e100);
}

double EntryGradient::Rounding(GradientTensor t, size_t i, size_t j) const {
  return t.kind == GradientKind::kDelta    ? rounding_.OfDelta(t.layer, i, j)
         : t.kind == GradientKind::kWeight ? rounding_.OfWeight(t.layer, i, j)
                                           : rounding_.OfBias(t.layer, j);
}

CentralDifference EntryGradient::Difference(GradientTensor t, size_t i,
                                            size_t j, int halvings,
                                            ChangedPass* pass) const {
  const double value = Value(t, i, j);
  const auto f = [&](double step) -> DifferenceValue {
    const double there = value + step;
    const LossChange change =
        t.kind == GradientKind::kWeight ? pass->SetWeight(t.layer, i, j, there)
        : t.kind == GradientKind::kBias ? pass->SetBias(t.layer, j, there)
                                        : pass->SetUnit(t.layer, i, j, there);
    DifferenceValue found = {there - value, change.change, change.room};
    if (!is_polynomial_) found.reach = 1 / change.moved;
    return found;
  };
  return Differentiate(f, {.noise = Noise(t, i, j),
                           .largest_step = LargestStep(t, i, j),
                           .slope_jumps = slope_jumps_,
                           .first_halvings = halvings});
}

}  // namespace initscope
