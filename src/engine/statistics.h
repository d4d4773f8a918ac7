// The statistics of a run: how they are gathered, and the table of columns.
//
// Row l = 1 … L of a run describes Z_l, X_l, delta_l and the weights and
// gradients between layers l − 1 and l; row 0 describes X_0 and delta_0. A
// column is NaN in rows whose tensor does not exist.
//
// To add a column, append a row to the table in statistics.cc; results files
// have the same order.
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

// Statistics of Z, X and f'(Z) in one row, over all batches.
struct ForwardStatistics {
  // Adds one batch after FinishForward(). `jobs` changes no bit.
  template <typename T>
  void Add(const ForwardLayer<T>& layer, Jobs jobs);
  // Adds X_0 of one batch.
  template <typename T>
  void AddInput(const MeasuredBatch<T>& x);

  // The statistics of factor·Z, factor·X and the same slopes.
  // REQUIRES: factor > 0.
  ForwardStatistics ScaledBy(ScaledDouble factor) const;

  Moments pre_activation, activation, slope;
  PairCosine pre_activation_cosine;
  SampleVariance pre_activation_sample_variance;
  uint64_t activations = 0, zeros = 0;
  uint64_t slopes = 0, saturated = 0;
  std::vector<uint8_t> alive;  // per unit: f' ≠ 0 for some sample
};

// Statistics of delta in one row, and of the gradients of the weights and
// biases between the previous row and this one, over all batches.
struct BackwardStatistics {
  // Adds delta of one batch, and sets db to its bias gradient, 1 × width.
  template <typename T>
  void AddDelta(const MeasuredBatch<T>& delta, Jobs jobs,
                ScaledMatrix<double>* db);

  // The statistics of delta·factor and dW·(factor·x_factor).
  // REQUIRES: both factors > 0.
  BackwardStatistics ScaledBy(ScaledDouble factor, ScaledDouble x_factor) const;

  Moments delta, weight_gradient, bias_gradient;
  PairCosine delta_cosine;
};

// Only sets db to the bias gradient, 1 × width.
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
  bool log10;  // report log10 of the value, even beyond the range of a double

  double Value(const RowStatistics& row) const {
    const ScaledDouble value = get(row);
    return log10 ? value.Log10() : value.ToDouble();
  }
};

std::span<const StatisticColumn> StatisticColumns();

// Appends the value of every column in row `layer`, and records in `result` the
// first row with a non-finite entry.
void AddRow(const RowStatistics& row, size_t layer, RunResult* result);

}  // namespace initscope
