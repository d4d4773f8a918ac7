// The engine where numbers leave the range of float32, and of double.

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>

#include "engine/oracle_test.h"
#include "engine/statistics.h"
#include "spec/run_id.h"

namespace initscope {
namespace {

// Runs whose numbers leave float32's range by hundreds of decades. float32
// loses eps per layer and √n roundings; where a network amplifies differences
// the comparison is in float64.
void ExpectLogsLikeOracle(std::map<std::string, std::string> settings,
                          double per_layer) {
  settings.insert({{"batch", "6"}, {"loss", "probe"}});
  const RunSpec run = MakeRun(settings);
  SCOPED_TRACE(CanonicalRun(run));
  const RunResult result = Simulate(run);
  std::vector<Oracle> oracle;
  oracle.push_back(ComputeOracle(run, 0));
  const double tolerance =
      per_layer * Epsilon(run) * static_cast<double>(run.depth());
  for (size_t l = 0; l <= run.depth(); l += l < 3 ? 1 : 1 + run.depth() / 13) {
    const auto expected = OracleStatistics(oracle, l);
    for (const char* name :
         {"log10_pre_activation_second_moment", "log10_activation_variance",
          "log10_slope_second_moment", "log10_delta_second_moment",
          "log10_weight_gradient_second_moment"}) {
      const auto it = expected.find(name);
      if (it == expected.end()) continue;
      const double measured = Statistic(result, l, name);
      const double value = static_cast<double>(it->second);
      EXPECT_TRUE(std::isfinite(measured)) << name << " row " << l;
      if (!(std::abs(measured - value) <= tolerance)) {
        ADD_FAILURE() << name << " row " << l << ": " << measured
                      << ", the oracle has " << value << " ± " << tolerance;
      }
    }
  }
}

TEST(EngineRange, SigmoidUnderXavierAtDepth1000) {
  const std::map<std::string, std::string> settings = {
      {"activation", "sigmoid"}, {"depth", "1000"}, {"width", "48"}};
  ExpectLogsLikeOracle(settings, 50);
  auto with_probe = settings;
  with_probe["loss"] = "probe";
  with_probe["width"] = "128";
  const RunResult result = Simulate(MakeRun(with_probe));
  const double fall = Statistic(result, 1, "log10_delta_second_moment") -
                      Statistic(result, 1000, "log10_delta_second_moment");
  // log10(0.0557) = −1.254 a layer; width 128 leaves a drift of order 1/width
  // a layer in the exponent.
  EXPECT_NEAR(fall / 999, -1.254, 0.02);
}

TEST(EngineRange, HomogeneousActivationsAtAnyGain) {
  for (const char* f : {"linear", "relu", "leaky_relu"}) {
    for (const char* gain : {"0.05", "1e-30", "20", "1e30"}) {
      const bool extreme =
          std::string(gain).size() == 4 || std::string(gain).size() == 5;
      ExpectLogsLikeOracle({{"activation", f},
                            {"depth", extreme && gain[1] == 'e' ? "60" : "700"},
                            {"width", "32"},
                            {"init", "he_normal"},
                            {"gain", gain}},
                           200);
    }
  }
}

TEST(EngineRange, VanishingAndExplodingSmoothActivations) {
  for (const char* f : {"tanh", "gelu", "silu", "elu", "selu", "softplus",
                        "softsign", "erf", "hard_tanh", "sigmoid"}) {
    for (const char* precision : {"float32", "float64"}) {
      for (const char* gain : {"0.1", "8"}) {
        // Bounded activations are chaotic at gain 8: rounding grows by
        // √χ₁ a layer, so few layers, and float64 only.
        const bool chaotic =
            std::string(gain) == "8" && std::string(precision) == "float32";
        if (chaotic) continue;
        ExpectLogsLikeOracle({{"activation", f},
                              {"depth", gain[0] == '8' ? "12" : "400"},
                              {"width", "24"},
                              {"gain", gain},
                              {"precision", precision}},
                             1e6);
      }
    }
  }
}

TEST(EngineRange, UnboundedActivationsExplodeForHundredsOfLayers) {
  // Past the first layers these are homogeneous up to their negative tail.
  for (const char* f : {"gelu", "silu", "elu", "selu", "softplus"}) {
    for (const char* precision : {"float32", "float64"}) {
      ExpectLogsLikeOracle({{"activation", f},
                            {"depth", "500"},
                            {"width", "24"},
                            {"gain", "12"},
                            {"precision", precision}},
                           1e5);
    }
  }
}

// Every unit saturated by hundreds: f' underflows double, and the samples'
// gradients drift apart by many decades.
TEST(EngineRange, SaturatedNetworksKeepTheirGradients) {
  for (const char* f : {"tanh", "sigmoid", "erf", "softsign"}) {
    ExpectLogsLikeOracle({{"activation", f},
                          {"depth", "6"},
                          {"width", "3"},
                          {"gain", "60"},
                          {"precision", "float64"}},
                         1e9);
  }
}

TEST(EngineRange, BiasesMeetVanishingAndExplodingActivations) {
  for (const char* gain : {"1e-20", "1e20"}) {
    ExpectLogsLikeOracle({{"activation", "relu"},
                          {"depth", "40"},
                          {"width", "24"},
                          {"gain", gain},
                          {"bias_std", "0.5"}},
                         1e3);
  }
}

// Whether every row's largest entry is less than a double can hold, but not so
// small that its square leaves long double.
bool IsBelowDoubles(const RealMatrix& delta) {
  Real largest = 0, smallest = 1;
  for (size_t i = 0; i < delta.rows(); ++i) {
    Real most = 0;
    for (size_t j = 0; j < delta.cols(); ++j) {
      most = std::max(most, std::abs(delta(i, j)));
    }
    largest = std::max(largest, most);
    smallest = std::min(smallest, most);
  }
  return largest < std::pow(Real{10}, -340) &&
         smallest >= std::pow(Real{10}, -2400);
}

// The logarithms of the backward statistics.
void ExpectGradients(const RunResult& result, const std::vector<Oracle>& oracle,
                     double tolerance) {
  for (size_t l = 0; l <= oracle[0].run->depth(); ++l) {
    const auto expected = OracleStatistics(oracle, l);
    for (const StatisticColumn& column : StatisticColumns()) {
      const std::string& name = column.name;
      const bool is_backward =
          name.find("delta") != name.npos || name.find("gradient") != name.npos;
      if (!is_backward || !name.starts_with("log10_") ||
          !expected.contains(name)) {
        continue;
      }
      const double value = static_cast<double>(expected.at(name));
      const double measured = Statistic(result, l, name);
      if (std::isinf(value) && value == measured) continue;
      EXPECT_TRUE(std::isfinite(measured)) << name << " row " << l;
      EXPECT_NEAR(measured, value, tolerance) << name << " row " << l;
    }
  }
}

// Every sample is right by hundreds or thousands of nats, each by its own: the
// cross entropies' delta is e^-1000 and the like, and so is all that follows.
TEST(EngineRange, CrossEntropiesThatAreRightKeepTheirDelta) {
  struct Shape {
    const char* loss;
    const char* shape;  // dW from Gram matrices, or formed where it is narrow
  };
  int seen = 0;
  for (const Shape& at : {Shape{"softmax_cross_entropy", "12x24x24x2"},
                          Shape{"softmax_cross_entropy", "3x2x3"},
                          Shape{"sigmoid_cross_entropy", "12x24x24x1"},
                          Shape{"sigmoid_cross_entropy", "3x2x1"}}) {
    for (const char* precision : {"float32", "float64"}) {
      for (int seed = 0; seed < 120; ++seed) {
        const RunSpec run = MakeRun({{"activation", "linear"},
                                     {"shape", at.shape},
                                     {"loss", at.loss},
                                     {"init", "lecun_normal"},
                                     {"gain", "13"},
                                     {"batch", "2"},
                                     {"input_variance", "30"},
                                     {"precision", precision},
                                     {"seed", std::to_string(seed)}});
        std::vector<Oracle> oracle;
        oracle.push_back(ComputeOracle(run, 0));
        if (!IsBelowDoubles(oracle[0].delta[run.depth()])) continue;
        ++seen;
        SCOPED_TRACE(CanonicalRun(run));
        // A logit of 5,000 is off by some eps of it, its exponential by as
        // many nats.
        ExpectGradients(Simulate(run), oracle, 5000 * 20 * Epsilon(run));
      }
    }
  }
  EXPECT_GE(seen, 30);
}

// All units of some layer are dead: the logits are 0, whatever the gain, and
// delta is that of a prediction of 0.
TEST(EngineRange, DeadNetworksHaveTheLossOfZeros) {
  for (const char* loss :
       {"mse", "sigmoid_cross_entropy", "softmax_cross_entropy", "probe"}) {
    std::map<std::string, std::string> settings = {
        {"activation", "relu"},  {"depth", "60"}, {"width", "2"},
        {"batch", "3"},          {"gain", "1"},   {"loss", loss},
        {"precision", "float64"}};
    const RunResult expected = Simulate(MakeRun(settings));
    ASSERT_EQ(Statistic(expected, 60, "pre_activation_second_moment"), 0);
    for (const char* gain : {"1e30", "1e-30"}) {
      settings["gain"] = gain;
      const RunResult found = Simulate(MakeRun(settings));
      EXPECT_EQ(found.loss_value, expected.loss_value) << loss << gain;
      EXPECT_EQ(Statistic(found, 60, "log10_delta_second_moment"),
                Statistic(expected, 60, "log10_delta_second_moment"))
          << loss << gain;
    }
  }
}

// Losses of batches that are out of range add up as numbers, not as ±∞.
TEST(EngineRange, LossesBeyondTheRangeOfDoublesKeepTheirSign) {
  for (const char* loss : {"probe", "mse"}) {
    const RunSpec run = MakeRun({{"activation", "relu"},
                                 {"depth", "5"},
                                 {"width", "8"},
                                 {"batch", "5"},
                                 {"batches", "4"},
                                 {"gain", "1e90"},
                                 {"loss", loss},
                                 {"precision", "float64"}});
    Real expected = 0;
    for (size_t b = 0; b < run.batches; ++b) {
      expected += ComputeOracle(run, b).loss / 4;
    }
    const double found = Simulate(run).loss_value;
    EXPECT_TRUE(std::isinf(found));
    EXPECT_EQ(found, static_cast<double>(expected)) << loss;
  }
}

}  // namespace
}  // namespace initscope
