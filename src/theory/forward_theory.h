// The mean-field recursion forward, for a concrete network and batch, with its
// leading corrections in 1/width.
//
//     K_{l+1}(a, b) = S_l E f(u) f(v) + σ_b²
//     (u, v) ~ N(0, K_l),   S = s² fan_in
//
// (Poole et al. 2016, eq. 3 and 5), where K_1 comes from the inputs themselves.
// At finite width K is random. Given the layer before, the units of a layer are
// independent, so that the fluctuation y of log K(a, a) obeys
//
//     y_{l+1} = w (γ y_l + η)
//     γ = d log E f²/d log q
//     w = S E f²/(S E f² + σ_b²)
//     Cov(η_a, η_b) = (E f_a² f_b²/(E f_a² E f_b²) − 1)/n_l
//
// On the diagonal this is the four-point vertex of Roberts, Yaida & Hanin 2022
// (eq. 4.90) relative to K²; for ReLU it gives Hanin & Nica's 5/n per layer.
// Logarithms keep it accurate where depth/width is of order 1. The mean of
// log K is carried to the same order. The covariances of two samples are means
// over the law of their correlation, whose variance is also of order 1/n but is
// all there is where samples are nearly orthogonal.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "base/parallel.h"
#include "nn/network.h"
#include "theory/batch_geometry.h"
#include "theory/pair_means.h"
#include "theory/theory_row.h"
#include "theory/theory_tables.h"

namespace initscope {

// The network, as theory sees it.
struct NetworkModel : Network {
  std::vector<double> log_scale;  // log s² of W_l's entries; −∞ for zero
  std::vector<ScaledDouble> bias_variance;  // of b_l
  // lsuv: s is such that X_l W_l has this variance.
  std::optional<ScaledDouble> output_variance;
  // Entries of W are independent: else no spread is known.
  bool independent = true;
  double kurtosis = 0;  // excess kurtosis of the entries of W
};

// Samples of one class at one layer.
struct ClassState {
  double log_q = 0;     // log K(a, a) of Z_l
  double shift = 0;     // E log K(a, a) − log_q at finite width
  double variance = 0;  // of log K(a, a)
  // How far curvature shifts the means of log E f² and log E f'² over y from
  // their values at log_q: the larger of two estimates, from the second
  // derivative and from values two standard deviations away. The expansion
  // holds only where the shift is small beside the fluctuation.
  double square_bend = 0, slope_bend = 0;
  // The same of log K(a, a): all shifts below, added in absolute value.
  double bend = 0;
  MeansAt means;          // of f at log_q
  double log_square = 0;  // log E X_l²
  double share = 0;       // w, of the weights in K_{l+1}
};

// Pairs of one group at one layer.
struct PairState {
  double log_distance = 0;  // log(1 − correlation) of Z_l
  double covariance = 0;    // of log K(a, a) and log K(b, b)
  double correlation_variance = 0;
  // Derivative of the correlation of Z_{l+1} with respect to that of Z_l.
  double steepness = 0;
  PairMeans means;  // at l = 0 only one_minus_f, of the inputs

  // Mean square of the cosine of Z_l.
  double SquaredCosine() const {
    const double cosine = 1 - std::exp(log_distance);
    return std::min(1.0, cosine * cosine + correlation_variance);
  }
};

// Z_l and X_l.
struct LayerState {
  std::vector<double> log_q;       // per sample group
  std::vector<MeanValues> means;   // of f, per sample group
  std::vector<double> log_square;  // log E X_l², per sample group
  std::vector<ClassState> classes;
  std::vector<PairState> pairs;
  double squared_cosine = 1;  // of Z_l, mean over pairs; 1 without pairs
  double log_weight = 0;      // log s² of W_l
};

class ForwardTheory {
 public:
  // The arguments must outlive this. Throws Interrupted.
  ForwardTheory(const NetworkModel& model, const BatchGeometry& geometry,
                const TheoryTables& tables, StopFlag stop = {});

  const NetworkModel& model() const { return model_; }
  const BatchGeometry& geometry() const { return geometry_; }
  // Whether such a network exists: lsuv cannot scale a layer whose X_l is zero.
  bool holds() const { return holds_; }
  // What the kurtosis of W_{l−1} adds to the relative covariance of a unit's
  // Z_l² for the samples of class c, or for pair group p. Means that move as
  // powers of K get it times both powers. REQUIRES: l > 0.
  double BeyondNormal(size_t l, size_t c) const;
  double PairBeyondNormal(size_t l, size_t p) const;
  // l = 0 … L. At 0 and L, f is the identity. REQUIRES: holds().
  const LayerState& layer(size_t l) const { return layers_[l]; }

 private:
  void Begin();
  void Activate(size_t l);
  bool HasSettled(size_t l, size_t p) const;
  void ActivatePairs(size_t l);
  bool HasWeights(size_t l) const;
  void Propagate(size_t l);
  void PropagatePairs(size_t l, double log_weights, ScaledDouble bias);

  const NetworkModel& model_;
  const BatchGeometry& geometry_;
  const TheoryTables& tables_;
  std::vector<LayerState> layers_;
  bool holds_ = true;
};

// Rows 0 … L with their forward columns, except at row 0, the input, and
// anywhere if the theory does not hold. Bits do not depend on `jobs`.
std::vector<TheoryRow> ForwardRows(const ForwardTheory& forward, Jobs jobs);

}  // namespace initscope
