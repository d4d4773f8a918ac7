#include "check/rounding_noise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "check/engine_gradients.h"
#include "engine/oracle_test.h"
#include "spec/run_id.h"

namespace initscope {
namespace {

RealMatrix Exactly(const Matrix<double>& a) {
  RealMatrix out(a.rows(), a.cols());
  std::copy_n(a.data(), a.size(), out.data());
  return out;
}

// The loss of the same network in long double, whose own rounding is 2^-11 of
// double's.
double OracleLossOf(const RunSpec& run, const NetworkParameters& p) {
  Oracle o;
  o.run = &run;
  o.x.push_back(Exactly(p.x));
  o.target = Exactly(p.target);
  for (size_t l = 0; l < run.depth(); ++l) {
    o.w.push_back(Exactly(p.w[l]));
    o.b.push_back(Exactly(p.b[l]));
  }
  return static_cast<double>(OracleLoss(o));
}

// The plain pass's rounding stays within the bound, and the bound is not
// empty: the loss's n roundings, of random signs, are some √n below their sum.
TEST(RoundingNoise, BoundsTheLossesRounding) {
  double tightest = 0;
  for (const Activation& f : Activations()) {
    for (const Loss& loss : Losses()) {
      const RunSpec run = MakeRun({{"activation", std::string(f.name)},
                                   {"loss", std::string(loss.name)},
                                   {"shape", "20x30x30x30x5"},
                                   {"init", "he_normal"},
                                   {"bias_std", "0.5"},
                                   {"batch", "10"},
                                   {"precision", "float64"}});
      SCOPED_TRACE(CanonicalRun(run));
      const EngineGradients g = ComputeGradients(run, nullptr);
      const PlainNetwork network(g.parameters);
      const std::vector<Matrix<double>> sensitivity = Sensitivities(g);
      const RoundingNoise noise(network, g.delta, sensitivity);
      const double error =
          std::abs(network.Loss() - OracleLossOf(run, g.parameters));
      EXPECT_LE(error, noise.OfAll());
      EXPECT_LE(noise.OfAll(), 1e-9 * (1 + std::abs(network.Loss())));
      tightest = std::max(tightest, error / noise.OfAll());
    }
  }
  EXPECT_GT(tightest, 1e-3);
}

}  // namespace
}  // namespace initscope
