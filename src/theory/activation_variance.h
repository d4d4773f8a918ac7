// The variance of a layer's activations over units and samples, V = M − m²
// with M and m the means of X² and X, and its law over draws of the weights.
//
// Everything is in units of M at infinite width (of its root, for m), so that
// it stays in range. To first order V moves with X² − 2 m X of each unit.
#pragma once

#include <vector>

#include "theory/batch_geometry.h"
#include "theory/forward_theory.h"

namespace initscope {

class ActivationVariance {
 public:
  // Of X_l, l > 0. log_unit: log M. `forward` must outlive this.
  ActivationVariance(const ForwardTheory& forward, size_t l, double log_unit);

  // At infinite width.
  double mean() const { return mean_; }
  double limit() const { return limit_; }  // V; exactly 0 for constant f

  // Variance of m.
  double MeanVariance() const;
  // E V, given E M. Not negative.
  double Expectation(double square) const;
  // Variance of log V. REQUIRES: limit() > 0.
  double LogVariance() const;

 private:
  // E f over units of one class, and what it does when log q moves.
  struct FirstMoment {
    double square;  // E f²
    double mean;
    double slope, curvature;  // first and second derivative of `mean`
  };

  static FirstMoment MomentOf(const ClassState& state, double log_unit);
  const FirstMoment& A(size_t p) const { return moments_[pairs_[p].a]; }
  const FirstMoment& B(size_t p) const { return moments_[pairs_[p].b]; }
  double Product(size_t p) const;   // E f_a f_b
  double Response(size_t i) const;  // d log V of class i/d log q
  double UnitMean(const FirstMoment& f) const;
  double Covariance(size_t i) const;      // of one unit, with itself
  double PairCovariance(size_t p) const;  // likewise, of two samples

  const ForwardTheory& forward_;
  size_t l_;
  const BatchGeometry& geometry_;
  const std::vector<BatchGeometry::PairGroup>& pairs_;
  const LayerState& layer_;
  double width_;
  std::vector<FirstMoment> moments_;  // of the classes
  double mean_ = 0, limit_ = 0;
};

}  // namespace initscope
