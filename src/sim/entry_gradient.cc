#include "sim/entry_gradient.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace initscope {
namespace {

constexpr double kUnitRoundoff = std::numeric_limits<double>::epsilon() / 2;

double MaxAbs(double most, double x) { return std::max(most, std::abs(x)); }

double MaxAbsOfColumn(const Matrix<double>& a, size_t j) {
  double most = 0;
  for (size_t i = 0; i < a.rows(); ++i) most = MaxAbs(most, a(i, j));
  return most;
}

double MaxAbsOfRow(const Matrix<double>& a, size_t i) {
  double most = 0;
  for (size_t j = 0; j < a.cols(); ++j) most = MaxAbs(most, a(i, j));
  return most;
}

// f' jumps at the activation's kinks, not only f''.
bool SlopeJumps(const Activation& f) {
  return std::any_of(f.kinks.begin(), f.kinks.end(), [&](double kink) {
    return std::abs(f.slope(kink + 1e-9) - f.slope(kink)) > 1e-3;
  });
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
                             const RoundingNoise& noise)
    : g_(gradients),
      p_(gradients.parameters),
      network_(network),
      noise_(noise),
      slope_jumps_(SlopeJumps(*p_.activation)) {}

// The entry that is changed to differentiate by it.
double EntryGradient::Value(GradientTensor t, size_t i, size_t j) const {
  if (t.kind == GradientKind::kWeight) return p_.w[t.layer](i, j);
  if (t.kind == GradientKind::kBias) return p_.b[t.layer](0, j);
  return t.layer == 0 ? p_.x(i, j) : network_.z(t.layer)(i, j);
}

double EntryGradient::Noise(GradientTensor t, size_t i, size_t j) const {
  return t.kind == GradientKind::kDelta ? noise_.OfUnit(t.layer, i, j)
                                        : noise_.OfColumn(t.layer + 1, j);
}

// The change that moves a pre-activation by 1, on which activations and losses
// bend, or by itself if that is more.
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
  return std::min(factor == 0 ? 1.0 : std::max(1.0, z) / factor, 1e100);
}

// Of the engine's own sum of n terms: (n + 16) u Σ|terms|, where 16 u are for
// f', and for operands that were rounded once.
double EntryGradient::AnalyticRounding(GradientTensor t, size_t i,
                                       size_t j) const {
  const size_t l = t.layer;
  double sum = 0;
  size_t terms = 0;
  if (t.kind == GradientKind::kDelta && l < network_.depth()) {
    const Matrix<double>& next = g_.delta[l + 1];
    terms = next.cols();
    for (size_t k = 0; k < terms; ++k) {
      sum += std::abs(next(i, k) * p_.w[l](j, k));
    }
    if (l > 0) sum *= std::abs(p_.activation->slope(network_.z(l)(i, j)));
  } else if (t.kind == GradientKind::kDelta) {
    sum = std::abs(g_.delta[l](i, j));
  } else {
    terms = network_.samples();
    for (size_t s = 0; s < terms; ++s) {
      const double x =
          t.kind == GradientKind::kWeight ? network_.x(l)(s, i) : 1.0;
      sum += std::abs(x * g_.delta[l + 1](s, j));
    }
  }
  return (static_cast<double>(terms) + 16) * kUnitRoundoff * sum;
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
    return {there - value, change.change, change.room};
  };
  return Differentiate(f, {.noise = Noise(t, i, j),
                           .largest_step = LargestStep(t, i, j),
                           .slope_jumps = slope_jumps_,
                           .first_halvings = halvings});
}

}  // namespace initscope
