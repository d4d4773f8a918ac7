#include "check/analytic_rounding.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "check/engine_gradients.h"
#include "engine/oracle_test.h"
#include "spec/run_id.h"

namespace initscope {
namespace {

// The largest error of `tensor`, in units of its bound.
template <typename Bound>
double WorstRatio(const Matrix<double>& tensor, const RealMatrix& exact,
                  const Bound& bound) {
  double worst = 0;
  for (size_t i = 0; i < tensor.rows(); ++i) {
    for (size_t j = 0; j < tensor.cols(); ++j) {
      const double error =
          static_cast<double>(std::abs(tensor(i, j) - exact(i, j)));
      if (error == 0) continue;
      worst = std::max(worst, error / bound(i, j));
    }
  }
  return worst;
}

// The engine's gradients against long double, in the tails of f, too: within
// twice the bound (roots of sums of squares are no bounds for each entry), and
// the bound is not empty.
TEST(AnalyticRounding, BoundsTheEnginesErrors) {
  double tightest = 0;
  for (const Activation& f : Activations()) {
    for (const Loss& loss : Losses()) {
      for (const char* gain : {"1", "6"}) {
        // The oracle's ŷ − y cancels where the engine's does not.
        const bool saturates = gain[0] == '6' && loss.smooths_drawn_targets;
        if (saturates) continue;
        const RunSpec run = MakeRun({{"activation", std::string(f.name)},
                                     {"loss", std::string(loss.name)},
                                     {"gain", gain},
                                     {"shape", "5x9x8x7x4"},
                                     {"bias_std", "0.5"},
                                     {"batch", "4"},
                                     {"precision", "float64"}});
        SCOPED_TRACE(CanonicalRun(run));
        const Oracle oracle = ComputeOracle(run, 0);
        const EngineGradients g = ComputeGradients(run, nullptr);
        const PlainNetwork network(g.parameters);
        const std::vector<Matrix<double>> sensitivity = Sensitivities(g);
        const RoundingNoise noise(network, g.delta, sensitivity);
        const AnalyticRounding rounding(g, network, noise, sensitivity);
        double worst = 0;
        for (size_t l = 0; l < run.depth(); ++l) {
          worst = std::max(
              {worst,
               WorstRatio(g.delta[l], oracle.delta[l],
                          [&](size_t i, size_t j) {
                            return rounding.OfDelta(l, i, j);
                          }),
               WorstRatio(g.dw[l], oracle.dw[l],
                          [&](size_t i, size_t j) {
                            return rounding.OfWeight(l, i, j);
                          }),
               WorstRatio(g.db[l], oracle.db[l], [&](size_t, size_t j) {
                 return rounding.OfBias(l, j);
               })});
        }
        EXPECT_LE(worst, 2);
        tightest = std::max(tightest, worst);
      }
    }
  }
  EXPECT_GT(tightest, 0.05);
}

}  // namespace
}  // namespace initscope
