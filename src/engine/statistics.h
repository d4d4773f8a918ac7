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
#include <utility>
#include <vector>

#include "base/parallel.h"
#include "engine/run_result.h"
#include "nn/propagation.h"
#include "stats/moments.h"
#include "stats/sample_geometry.h"
#include "stats/scaled_double.h"

namespace initscope {

// What is gathered of a row forward, over all batches: of Z, X and f'(Z).
struct ForwardStatistics {
  // Of one batch, whose layer was finished. `jobs` workers change no bit.
  template <typename T>
  void Add(const ForwardLayer<T>& layer, Jobs jobs);
  // Of X_0, which is no layer's.
  template <typename T>
  void AddInput(const MeasuredBatch<T>& x);

  // Those of factor·Z, factor·X and the same slopes. REQUIRES: factor > 0.
  ForwardStatistics ScaledBy(ScaledDouble factor) const;

  Moments pre_activation, activation, slope;
  PairCosine pre_activation_cosine;
  SampleVariance pre_activation_sample_variance;
  uint64_t activations = 0, zeros = 0;
  uint64_t slopes = 0, saturated = 0;
  std::vector<uint8_t> alive;  // units with f' ≠ 0 for some sample
};

// Backward: of delta, and of the gradients of the weights and biases between
// the row before and this one.
struct BackwardStatistics {
  // One batch's; db is set to the bias gradient, 1 × width.
  template <typename T>
  void AddDelta(const MeasuredBatch<T>& delta, Jobs jobs,
                ScaledMatrix<double>* db);

  // Those of delta·factor, and of dW·(factor·x_factor). REQUIRES: both > 0.
  BackwardStatistics ScaledBy(ScaledDouble factor, ScaledDouble x_factor) const;

  Moments delta, weight_gradient, bias_gradient;
  PairCosine delta_cosine;
};

// db alone, 1 × width.
template <typename T>
void SumBiasGradient(const MeasuredBatch<T>& delta, Jobs jobs,
                     ScaledMatrix<double>* db);

struct RowStatistics : ForwardStatistics, BackwardStatistics {
  RowStatistics(ForwardStatistics forward, const BackwardStatistics& backward)
      : ForwardStatistics(std::move(forward)), BackwardStatistics(backward) {}

  // W = scale · U.
  void SetWeights(const Moments& unit, double scale);

  ScaledDouble weight_mean = {kAbsent, 0};
  ScaledDouble weight_variance = {kAbsent, 0};
  ScaledDouble weight_second_moment = {kAbsent, 0};

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

// Appends the value of every column in row `layer`, and notes whether it is the
// first with an entry that is not finite.
void AddRow(const RowStatistics& row, size_t layer, RunResult* result);

}  // namespace initscope
