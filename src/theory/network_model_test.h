// Small networks, inputs and gradients, for tests of theory.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "nn/find_activation_test.h"
#include "theory/backward_theory.h"

namespace initscope {

// Unequal norms, correlations of both signs.
inline ScaledMatrix<double> Inputs() {
  const double rows[4][3] = {
      {1.0, 0.2, -0.4}, {0.5, 1.5, 0.3}, {-0.6, 0.9, 1.1}, {2.0, 0.1, 0.7}};
  ScaledMatrix<double> x;
  x.Resize(4, 3);
  std::copy_n(rows[0], 12, x.mantissa.data());
  return x;
}

inline NetworkModel Model(const Activation& f,
                          const std::vector<size_t>& widths, double gain,
                          double bias) {
  NetworkModel model;
  model.SetLayers(f, widths);
  for (size_t l = 0; l + 1 < widths.size(); ++l) {
    model.log_scale.push_back(
        std::log(gain * gain / static_cast<double>(widths[l])));
    model.bias_variance.push_back({bias * bias, 0});
  }
  return model;
}

// delta_L of second moment 1, with products 0.3 between samples, and with
// (delta_L · Z_L/width)² = aligned.
inline DeltaStart UnitStart(const BatchGeometry& geometry, double aligned = 0) {
  DeltaStart start;
  for (size_t k = 0; k < DeltaStart::kPowers; ++k) {
    start.log_aligned[k].assign(geometry.sample_groups().size(),
                                std::log(aligned));
    start.class_log_aligned[k].assign(geometry.classes().size(),
                                      std::log(aligned));
  }
  start.log_square.assign(geometry.sample_groups().size(), 0);
  start.class_log_square.assign(geometry.classes().size(), 0);
  start.product.assign(geometry.pairs().size(), 0.3);
  start.aligned_product.assign(geometry.pairs().size(), aligned);
  start.cosine_square.assign(geometry.pairs().size(), 0.09);
  return start;
}

// All columns, for a loss without alignment.
inline std::vector<TheoryRow> AllRows(const ForwardTheory& forward,
                                      const DeltaStart& start, Jobs jobs = 1) {
  std::vector<TheoryRow> rows = ForwardRows(forward, jobs);
  const std::vector<double> alignment(forward.geometry().classes().size(), 0);
  FillBackward(forward, start, alignment, &rows);
  return rows;
}

}  // namespace initscope
