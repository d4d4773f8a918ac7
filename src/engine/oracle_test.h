// The slow plain reference of the tests: a network forward and backward in
// long double (64-bit mantissa, exponents to ±4932), written as Eigen
// expressions straight from the formulas, with none of the engine's code but
// the random variates and the tables' scales.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/matrix.h"
#include "engine/engine.h"
#include "spec/run_spec.h"

namespace initscope {

using Real = long double;
using RealMatrix = Matrix<Real>;

struct Oracle {
  const RunSpec* run = nullptr;
  std::vector<RealMatrix> w, b;    // layers 0 … L−1
  std::vector<RealMatrix> x, z;    // 0 … L; z[0] is empty
  std::vector<RealMatrix> delta;   // 0 … L
  std::vector<RealMatrix> dw, db;  // 0 … L−1
  RealMatrix target;
  Real loss = 0;
};

// All tensors of one batch. Weights are U rounded to the run's precision,
// times scale. REQUIRES: an init that is not data-dependent or orthogonal.
Oracle ComputeOracle(const RunSpec& run, size_t batch);

// f' at z of the activation of that name.
Real Slope(std::string_view activation, Real z);

// The loss alone, from o.w, o.b, o.x[0] and o.target.
Real OracleLoss(const Oracle& o);

// Every column of StatisticColumns() for row l, by plain two-pass formulas,
// pooled over `batches`.
std::map<std::string, Real> OracleStatistics(const std::vector<Oracle>& batches,
                                             size_t l);

// The engine's result for a run alone, one of its statistics, and the rounding
// unit of its precision.
RunResult Simulate(const RunSpec& run, TensorObserver* observer = nullptr);
double Statistic(const RunResult& result, size_t layer, std::string_view name);
double Epsilon(const RunSpec& run);

// A run from keys and values; kinks: drawn inputs only.
RunSpec MakeRun(const std::map<std::string, std::string>& settings);

}  // namespace initscope
