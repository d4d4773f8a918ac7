#include "engine/engine.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "engine/oracle_test.h"
#include "engine/statistics.h"
#include "spec/run_id.h"

namespace initscope {
namespace {

// How far a statistic may be from the oracle's. The rounding of a tensor that
// is `depth` layers away is a few eps per layer of its root mean square r; a
// mean inherits r·eps, a second moment and a variance r²·eps whatever the
// variance itself (cancellation), a maximum the largest entry's share.
// Where exact terms cancel to nothing (a constant init sums the softmax's
// delta, whose sum is 0) what is left is the rounding of the output's delta,
// `floor`.
double Tolerance(const std::string& name, const RunSpec& run,
                 const std::map<std::string, Real>& oracle, double floor) {
  const double eps = 20 * Epsilon(run) * static_cast<double>(run.depth() + 2) *
                     std::sqrt(static_cast<double>(run.width(1)));
  const std::string tensor =
      name.starts_with("pre_activation")    ? "pre_activation"
      : name.starts_with("activation")      ? "activation"
      : name.starts_with("slope")           ? "slope"
      : name.starts_with("delta")           ? "delta"
      : name.starts_with("weight_gradient") ? "weight_gradient"
      : name.starts_with("bias_gradient")   ? "bias_gradient"
                                            : "weight";
  const auto it = oracle.find(tensor + "_second_moment");
  const double q = it == oracle.end() ? 1 : static_cast<double>(it->second);
  if (name.ends_with("kurtosis")) return 100 * eps;
  // Of rounding alone a cosine is anything.
  if (name.ends_with("cosine") && !(q > 100 * floor * floor)) return INFINITY;
  if (name.ends_with("cosine")) return eps;
  if (name.ends_with("_variance") || name.ends_with("_second_moment")) {
    return eps * q + floor * floor;
  }
  if (name.ends_with("_min") || name.ends_with("_max") ||
      name.ends_with("_mean")) {
    return eps * std::sqrt(q) * 10 + floor;
  }
  if (name.ends_with("_fraction")) return 1e-3;  // an entry at the bound
  return 0;
}

// Compares all statistics that are plain numbers; logarithms have their own
// tests.
void ExpectLikeOracle(const RunSpec& run) {
  SCOPED_TRACE(CanonicalRun(run));
  const RunResult result = Simulate(run);
  std::vector<Oracle> batches;
  Real loss = 0;
  for (size_t b = 0; b < run.batches; ++b) {
    batches.push_back(ComputeOracle(run, b));
    loss += batches.back().loss / static_cast<Real>(run.batches);
  }
  const double loss_scale =
      std::abs(static_cast<double>(loss)) +
      (run.loss->name == "probe"
           ? static_cast<double>(run.batch * run.outputs())
           : 1.0);
  EXPECT_NEAR(
      result.loss_value, static_cast<double>(loss),
      200 * Epsilon(run) * static_cast<double>(run.depth()) * loss_scale);
  const Real output_delta =
      OracleStatistics(batches, run.depth()).at("delta_second_moment");
  const double floor =
      10 * Epsilon(run) * std::sqrt(static_cast<double>(output_delta));
  for (size_t l = 0; l <= run.depth(); ++l) {
    const auto oracle = OracleStatistics(batches, l);
    for (const StatisticColumn& column : StatisticColumns()) {
      if (column.name.starts_with("log10_")) continue;
      const double measured = Statistic(result, l, column.name);
      const auto it = oracle.find(column.name);
      const bool present = it != oracle.end();
      if (l == 0 && column.name == "zero_fraction") continue;
      if (!present || std::isnan(static_cast<double>(it->second))) {
        EXPECT_TRUE(std::isnan(measured)) << column.name << " row " << l;
        continue;
      }
      const double expected = static_cast<double>(it->second);
      const double tolerance = Tolerance(column.name, run, oracle, floor);
      if (std::isinf(tolerance)) {
        EXPECT_TRUE(std::abs(measured) <= 1 + 20 * Epsilon(run))
            << column.name << " row " << l << ": " << measured;
        continue;
      }
      if (!(std::abs(measured - expected) <= tolerance)) {
        ADD_FAILURE() << column.name << " row " << l << ": " << measured
                      << ", the oracle has " << expected << " ± " << tolerance;
      }
    }
  }
}

TEST(Engine, AgreesWithTheOracleForEveryActivation) {
  for (const Activation& f : Activations()) {
    for (const char* precision : {"float32", "float64"}) {
      ExpectLikeOracle(MakeRun({{"activation", std::string(f.name)},
                                {"shape", "13x31x17x5"},
                                {"bias_std", "0.3"},
                                {"init", "lecun_normal"},
                                {"gain", "1.5"},
                                {"batch", "19"},
                                {"batches", "2"},
                                {"precision", precision}}));
    }
  }
}

TEST(Engine, AgreesWithTheOracleForEveryInitializerAndLoss) {
  for (const Initializer& init : Initializers()) {
    if (init.law == UnitLaw::kOrthogonal) continue;  // below
    // Unit weights of width 31 saturate; the oracle agrees near 0 all the same.
    for (const Loss& loss : Losses()) {
      ExpectLikeOracle(MakeRun({{"init", std::string(init.name)},
                                {"loss", std::string(loss.name)},
                                {"activation", "softsign"},
                                {"shape", "9x31x12x4"},
                                {"bias_init", "torch_default"},
                                {"label_smoothing", "0.1"},
                                {"batch", "11"},
                                {"precision", "float64"}}));
    }
  }
}

TEST(Engine, TakesOneSampleOneUnitAndOneLayer) {
  for (const char* shape : {"1x1", "1x1x1", "3x1x2", "5x2"}) {
    for (const char* batch : {"1", "2"}) {
      ExpectLikeOracle(MakeRun({{"shape", shape},
                                {"batch", batch},
                                {"loss", "mse"},
                                {"bias_std", "1"},
                                {"precision", "float64"}}));
    }
  }
}

TEST(Engine, CrossEntropiesAreRightForLogitsOf1e4InFloat) {
  for (const char* loss : {"sigmoid_cross_entropy", "softmax_cross_entropy"}) {
    const RunSpec run = MakeRun({{"activation", "linear"},
                                 {"init", "lecun_normal"},
                                 {"gain", "5000"},
                                 {"shape", "40x6"},
                                 {"batch", "33"},
                                 {"loss", loss}});
    const RunResult result = Simulate(run);
    const Oracle oracle = ComputeOracle(run, 0);
    EXPECT_GT(Statistic(result, 1, "activation_max"), 1e4);
    EXPECT_EQ(Statistic(result, 1, "delta_non_finite"), 0);
    // A logit of 1e4 is off by a few eps of itself, the loss with it.
    const double oracle_loss = static_cast<double>(oracle.loss);
    EXPECT_NEAR(result.loss_value, oracle_loss,
                10 * Epsilon(run) * oracle_loss);
    std::vector<Oracle> batches;
    batches.push_back(ComputeOracle(run, 0));
    const double delta = static_cast<double>(
        OracleStatistics(batches, 1).at("delta_second_moment"));
    EXPECT_NEAR(Statistic(result, 1, "delta_second_moment"), delta,
                1e-3 * delta);
  }
}

TEST(Engine, ZeroInitMakesAllUnitsTheSame) {
  for (const char* f : {"sigmoid", "tanh", "relu", "softplus"}) {
    const RunSpec run = MakeRun({{"activation", f},
                                 {"init", "zero"},
                                 {"depth", "6"},
                                 {"width", "33"},
                                 {"loss", "softmax_cross_entropy"}});
    const RunResult result = Simulate(run);
    for (size_t l = 1; l < run.depth(); ++l) {
      EXPECT_EQ(Statistic(result, l, "pre_activation_unit_variance"), 0);
      EXPECT_EQ(Statistic(result, l, "delta_unit_variance"), 0);
      EXPECT_EQ(Statistic(result, l, "weight_gradient_second_moment"), 0);
      EXPECT_EQ(Statistic(result, l, "log10_delta_second_moment"),
                -std::numeric_limits<double>::infinity());
    }
    // The output's weights move only where f(0) is not 0.
    const bool moves = f == std::string("sigmoid") || f[0] == 's';
    EXPECT_EQ(
        Statistic(result, run.depth(), "weight_gradient_second_moment") > 0,
        moves)
        << f;
  }
}

TEST(Engine, ConstantInitKeepsUnitsTheSame) {
  const RunSpec run = MakeRun({{"init", "constant"},
                               {"depth", "6"},
                               {"width", "37"},
                               {"batch", "21"},
                               {"loss", "probe"}});
  const RunResult result = Simulate(run);
  for (size_t l = 1; l < run.depth(); ++l) {
    EXPECT_EQ(Statistic(result, l, "pre_activation_unit_variance"), 0);
    EXPECT_EQ(Statistic(result, l, "delta_unit_variance"), 0);
    EXPECT_GT(Statistic(result, l, "pre_activation_second_moment"), 0);
  }
}

// Given the first layer, log(E[Z_l²]/E[Z_1²]) of a ReLU network of width n has
// a variance of at most 5(l − 1)/n over draws of the weights (Hanin & Nica
// 2019) and a mean of −half that; the batch mean's is smaller.
void ExpectReluDecay(const char* init, double log2_per_layer) {
  const size_t depth = 30;
  for (const char* seed : {"0", "1", "2"}) {
    const RunResult result = Simulate(MakeRun({{"activation", "relu"},
                                               {"init", init},
                                               {"depth", "30"},
                                               {"width", "512"},
                                               {"batch", "64"},
                                               {"seed", seed}}));
    const double first = Statistic(result, 1, "pre_activation_second_moment");
    for (size_t l = 2; l <= depth; ++l) {
      const double layers = static_cast<double>(l - 1);
      const double ratio =
          Statistic(result, l, "pre_activation_second_moment") / first;
      const double variance = 5 * layers / 512;
      EXPECT_NEAR(std::log(ratio), layers * log2_per_layer * std::log(2.0),
                  5 * std::sqrt(variance) + variance / 2)
          << init << " layer " << l;
    }
  }
}

TEST(Engine, HeKeepsReluAndXavierHalvesIt) {
  ExpectReluDecay("he_normal", 0);
  ExpectReluDecay("xavier_normal", -1);
}

TEST(Engine, SlopeSecondMomentPredictsTheGradientsFactor) {
  // E δ_l² = E f'² · fan_in·Var(w) · E δ_{l+1}², up to the fluctuation of a
  // product with n² weights: relative variance of order 3/n.
  for (const char* f : {"tanh", "relu", "sigmoid"}) {
    const RunSpec run = MakeRun({{"activation", f},
                                 {"depth", "12"},
                                 {"width", "400"},
                                 {"batch", "200"},
                                 {"init", "he_normal"}});
    const RunResult result = Simulate(run);
    for (size_t l = 1; l + 1 < run.depth(); ++l) {
      const double predicted = Statistic(result, l, "slope_second_moment") *
                               400 *
                               Statistic(result, l + 1, "weight_variance");
      const double measured = Statistic(result, l, "delta_second_moment") /
                              Statistic(result, l + 1, "delta_second_moment");
      EXPECT_NEAR(measured / predicted, 1, 5 * std::sqrt(3.0 / 400)) << f << l;
    }
  }
}

TEST(Engine, LsuvGivesUnitVarianceOnTheFirstBatch) {
  for (const char* gain : {"1", "1.7"}) {
    const RunSpec run = MakeRun({{"init", "lsuv"},
                                 {"activation", "relu"},
                                 {"shape", "20x50x30x60"},
                                 {"gain", gain},
                                 {"batch", "100"}});
    const RunResult result = Simulate(run);
    for (size_t l = 1; l <= run.depth(); ++l) {
      EXPECT_NEAR(Statistic(result, l, "pre_activation_variance"),
                  run.gain * run.gain, 1e-5);
    }
  }
}

TEST(Engine, BundlesDoNotChangeABit) {
  std::vector<RunSpec> runs;
  for (const char* f : {"sigmoid", "relu", "gelu"}) {
    for (const char* init : {"xavier_normal", "he_normal", "normal"}) {
      runs.push_back(MakeRun({{"activation", f},
                              {"init", init},
                              {"shape", "17x33x65x9"},
                              {"batch", init[0] == 'h' ? "7" : "31"},
                              {"batches", init[0] == 'x' ? "3" : "1"},
                              {"bias_std", "0.1"}}));
    }
  }
  std::vector<const RunSpec*> pointers;
  std::vector<RunResult> together(runs.size());
  std::vector<RunResult*> slots;
  for (size_t i = 0; i < runs.size(); ++i) {
    pointers.push_back(&runs[i]);
    slots.push_back(&together[i]);
  }
  SimulateBundle(pointers, {}, slots);
  for (size_t i = 0; i < runs.size(); ++i) {
    const RunResult alone = Simulate(runs[i]);
    ASSERT_EQ(alone.statistics.size(), together[i].statistics.size());
    EXPECT_EQ(
        std::memcmp(alone.statistics.data(), together[i].statistics.data(),
                    alone.statistics.size() * sizeof(double)),
        0);
    EXPECT_EQ(alone.loss_value, together[i].loss_value);
  }
}

}  // namespace
}  // namespace initscope
