#include "theory/activation_variance.h"

#include <algorithm>
#include <cmath>

#include "theory/batch_spread.h"

namespace initscope {

ActivationVariance::ActivationVariance(const ForwardTheory& forward, size_t l,
                                       double log_unit)
    : forward_(forward),
      l_(l),
      geometry_(forward.geometry()),
      pairs_(geometry_.pairs()),
      layer_(forward.layer(l)),
      width_(static_cast<double>(forward.model().width(l))) {
  double total = 0;
  for (size_t s = 0; s < layer_.means.size(); ++s) {
    const double count = geometry_.sample_groups()[s].count;
    mean_ += count * layer_.means[s][static_cast<size_t>(Mean::kFirst)] *
             std::exp((layer_.log_square[s] - log_unit) / 2);
    total += count;
  }
  mean_ /= total;
  // A constant activation leaves nothing but rounding.
  limit_ = 1 - mean_ * mean_ < 1e-14 ? 0 : 1 - mean_ * mean_;
  for (const ClassState& state : layer_.classes) {
    moments_.push_back(MomentOf(state, log_unit));
  }
}

ActivationVariance::FirstMoment ActivationVariance::MomentOf(
    const ClassState& state, double log_unit) {
  const double root = std::exp((state.log_square - log_unit) / 2);
  const double first = state.means[Mean::kFirst];
  const double slope = state.means.First(Mean::kFirst);
  const double power = state.means.First(Mean::kLogSquare) / 2;
  const double bend = state.means.Second(Mean::kLogSquare) / 2;
  return {root * root, root * first, root * (slope + power * first),
          root * (state.means.Second(Mean::kFirst) + 2 * power * slope +
                  (bend + power * power) * first)};
}

double ActivationVariance::Product(size_t p) const {
  return std::sqrt(A(p).square * B(p).square) *
         (1 - layer_.pairs[p].means.one_minus_f);
}

double ActivationVariance::MeanVariance() const {
  const double variance = MeanOverPairs(
      geometry_,
      [&](size_t i) {
        const FirstMoment& f = moments_[i];
        return f.slope * f.slope * layer_.classes[i].variance +
               (f.square - f.mean * f.mean +
                f.slope * f.slope * forward_.BeyondNormal(l_, i)) /
                   width_;
      },
      [&](size_t p) {
        return A(p).slope * B(p).slope * layer_.pairs[p].covariance +
               (Product(p) - A(p).mean * B(p).mean +
                A(p).slope * B(p).slope * forward_.PairBeyondNormal(l_, p)) /
                   width_;
      });
  return std::max(0.0, variance);
}

double ActivationVariance::Expectation(double square) const {
  double shift = 0, total = 0;  // of m at finite width
  for (size_t i = 0; i < moments_.size(); ++i) {
    const ClassState& state = layer_.classes[i];
    const double count = geometry_.classes()[i].count;
    shift += count * (moments_[i].slope * state.shift +
                      moments_[i].curvature * state.variance / 2);
    total += count;
  }
  return std::max(
      0.0, square - mean_ * mean_ - 2 * mean_ * shift / total - MeanVariance());
}

double ActivationVariance::Response(size_t i) const {
  const FirstMoment& f = moments_[i];
  return (f.square * layer_.classes[i].means.First(Mean::kLogSquare) -
          2 * mean_ * f.slope) /
         limit_;
}

double ActivationVariance::UnitMean(const FirstMoment& f) const {
  return f.square - 2 * mean_ * f.mean;
}

double ActivationVariance::Covariance(size_t i) const {
  const FirstMoment& f = moments_[i];
  const MeansAt& means = layer_.classes[i].means;
  return f.square * f.square * means[Mean::kFourth] -
         4 * mean_ * std::pow(f.square, 1.5) * means[Mean::kCube] +
         4 * mean_ * mean_ * f.square - UnitMean(f) * UnitMean(f);
}

double ActivationVariance::PairCovariance(size_t p) const {
  const FirstMoment &a = A(p), &b = B(p);
  const PairMeans& means = layer_.pairs[p].means;
  return a.square * b.square * means.square -
         2 * mean_ * means.cube * std::sqrt(a.square * b.square) *
             (std::sqrt(a.square) + std::sqrt(b.square)) +
         4 * mean_ * mean_ * Product(p) - UnitMean(a) * UnitMean(b);
}

double ActivationVariance::LogVariance() const {
  const double norm = limit_ * limit_;
  const double relative = MeanOverPairs(
      geometry_,
      [&](size_t i) {
        const double powers = Response(i) * Response(i);
        const double unit =
            Covariance(i) / norm + powers * forward_.BeyondNormal(l_, i);
        return CheapExpm1(powers * layer_.classes[i].variance +
                          LogCovariance(unit, width_));
      },
      [&](size_t p) {
        const double powers = Response(pairs_[p].a) * Response(pairs_[p].b);
        const double unit = PairCovariance(p) / norm +
                            powers * forward_.PairBeyondNormal(l_, p);
        return CheapExpm1(powers * layer_.pairs[p].covariance +
                          LogCovariance(unit, width_));
      });
  return std::log1p(std::max(0.0, relative));
}

}  // namespace initscope
