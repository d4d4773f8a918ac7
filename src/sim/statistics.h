// The statistics of a run: one table of columns, and what gathers them.
//
// Row l = 1 … L of a run holds Z_l, X_l, delta_l and the weights and
// gradients between l − 1 and l; row 0 holds X_0 and delta_0. A column is NaN
// in the rows where its tensor does not exist.
//
// To add a column: a row of the table in statistics.cc (append: the order is
// that of results files).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "nn/activations.h"
#include "stats/moments.h"
#include "stats/sample_geometry.h"
#include "stats/scaled_double.h"

namespace initscope {

// Everything that is gathered of one row, over all batches of a run.
class RowStatistics {
 public:
  template <typename T>
  void AddPreActivation(const ScaledMatrix<T>& z);
  // f(Z), or at the output Z itself, with no slope.
  template <typename T>
  void AddActivation(const ScaledMatrix<T>& x);
  template <typename T>
  void AddSlope(const Activation& activation, const ScaledMatrix<T>& slope);
  template <typename T>
  void AddDelta(const ScaledMatrix<T>& delta);
  template <typename T>
  void AddWeightGradient(const ScaledMatrix<T>& gradient);
  void AddBiasGradient(const ScaledMatrix<double>& gradient);
  // W = scale · U.
  void SetWeights(const Moments& unit, double scale);

  Moments pre_activation, activation, slope, delta;
  Moments weight_gradient, bias_gradient;
  PairCosine pre_activation_cosine, delta_cosine;
  SampleVariance pre_activation_sample_variance;
  ScaledDouble weight_mean = {kAbsent, 0};
  ScaledDouble weight_variance = {kAbsent, 0};
  ScaledDouble weight_second_moment = {kAbsent, 0};
  uint64_t activations = 0, zeros = 0;
  uint64_t slopes = 0, saturated = 0;
  std::vector<uint8_t> alive;  // units with f' ≠ 0 for some sample

 private:
  static const double kAbsent;  // NaN
};

struct StatisticColumn {
  std::string name;
  std::string long_name;
  std::string formula;
  ScaledDouble (*get)(const RowStatistics& row);
  bool log10;  // of the value; right where the plain double is 0 or infinite

  double Value(const RowStatistics& row) const {
    const ScaledDouble value = get(row);
    return log10 ? value.Log10() : value.ToDouble();
  }
};

std::span<const StatisticColumn> StatisticColumns();

}  // namespace initscope
