// The mean-field recursion backward, from the measured delta_L and Z_L:
//
//     E delta_l² = α_l² E (f f')² + s² fan_out E delta_{l+1}² E f'²
//
// (theory/gradient_law.h) for each group and each class of samples; for a pair,
// E delta_a delta_b with the products of the two samples' factors.
#pragma once

#include <cmath>
#include <vector>

#include "theory/forward_theory.h"
#include "theory/gradient_law.h"
#include "theory/output_kernel.h"

namespace initscope {

// ∂loss/∂X_l at infinite width, and with what finite widths add above.
struct GradientLaws {
  GradientLaw limit, finite;
};

// delta_l of the samples of one class.
struct ClassDelta {
  double log_square = 0;  // log E delta_l² at infinite width
  double log_finite = 0;  // the same with what finite widths add above
  // From the measured delta_L · Z_L, and from the loss's expectation of it.
  GradientLaws measured, mean;
  // What finite widths add to E (α X)²/E ε², times E f² f'²/(E f² E f'²).
  double by_chance = 0;
  // Shares of E delta_l², by `mean`: that of the parts along X of all layers
  // l … L − 1, and that of the part along X_l alone.
  double aligned = 0;
  double along = 0;
};

// delta_l of the pairs of one group, in units of e^log_unit.
struct PairDelta {
  double product = 0;  // E delta_a delta_b
  double aligned = 0;  // α_a α_b √(E X_a² E X_b²) of ∂loss/∂X_l
  double rise = 0;     // d product/d c, c the correlation of Z_l
};

class BackwardMeans {
 public:
  // Begins at row L. `alignment`: per class, the squared correlation of delta_L
  // and Z_L at infinite width (OutputAlignment()). The arguments must
  // outlive this.
  BackwardMeans(const ForwardTheory& forward, const DeltaStart& start,
                const std::vector<double>& alignment,
                const OutputKernel& output);

  // From row l + 1 to row l.
  void Step(size_t l);

  // log E delta_l² per group of samples.
  const std::vector<double>& log_square() const { return log_square_; }
  const std::vector<ClassDelta>& classes() const { return classes_; }
  // The mean over all samples of ClassDelta's `aligned`.
  double Aligned() const;
  // Whether Product() and Rise() are known.
  bool has_products() const { return has_products_; }
  const std::vector<PairDelta>& pairs() const { return pairs_; }
  double log_unit() const { return log_unit_; }  // of these

 private:
  // What StepPair() needs of each class, from the forward recursion.
  struct PairFactors {
    double share = 0;  // √ of those of GradientLayer
    double slope = 0;
    double mixed = 0;
    double power = 0;  // of α: growth·√(E f²/K) of the layer above
  };

  // The layer as the law of a group's or a class's samples depends on it.
  GradientLayer LayerOf(size_t l, double log_q, double log_square, double share,
                        const MeanValues* means) const;
  GradientLayer GroupLayer(size_t l, size_t s) const;
  GradientLayer ClassLayer(size_t l, size_t i) const;
  // Sets layers_, above_, groups_, groups_above_ and factors_.
  void BeginStep(size_t l);
  bool IsTop(size_t l) const { return l + 1 == model_.depth(); }
  void StepGroup(size_t l, size_t s, double log_weights);
  void StepClass(size_t l, size_t i, double log_weights);
  double OutputRise(size_t p) const;
  void StepPair(size_t l, size_t p, double scale);

  const ForwardTheory& forward_;
  const BatchGeometry& geometry_ = forward_.geometry();
  const NetworkModel& model_ = forward_.model();
  const DeltaStart& start_;
  const std::vector<double>& alignment_;
  const OutputKernel& output_;

  std::vector<double> log_square_;
  std::vector<GradientLaw> laws_;  // per group of samples
  std::vector<ClassDelta> classes_;
  std::vector<GradientLayer> layers_, above_;  // of the classes, rows l, l + 1
  std::vector<GradientLayer> groups_, groups_above_;  // of groups of samples
  std::vector<PairFactors> factors_;
  std::vector<PairDelta> pairs_;
  bool has_products_;
  double log_unit_;
};

}  // namespace initscope
