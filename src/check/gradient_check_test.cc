#include "check/gradient_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <string>

#include "base/error.h"
#include "engine/engine.h"
#include "engine/oracle_test.h"
#include "spec/run_id.h"

namespace initscope {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

RunSpec SmallRun(std::map<std::string, std::string> settings) {
  settings.insert({{"shape", "3x4x3x2"},
                   {"bias_std", "0.5"},
                   {"batch", "3"},
                   {"data_seed", "5"},
                   {"precision", "float64"}});
  return MakeRun(settings);
}

GradientReport Check(const RunSpec& run) {
  return CheckGradients(run, ComputeGradients(run, nullptr), {});
}

const TensorCheck& Find(const GradientReport& report, std::string_view name) {
  for (const TensorCheck& tensor : report.tensors) {
    if (tensor.name == name) return tensor;
  }
  ADD_FAILURE() << "no tensor " << name;
  return report.tensors[0];
}

// Every activation, loss and initializer; and the bounds mean something: the
// differences tell 1e-5 of the largest gradient, but where symmetry (constant)
// cancels it, and near kinks.
TEST(GradientCheck, HoldsForEveryActivationLossAndInitializer) {
  size_t tensors = 0, unresolved = 0, at_kink = 0;
  for (const Activation& f : Activations()) {
    for (const Loss& loss : Losses()) {
      for (const Initializer& init : Initializers()) {
        const RunSpec run = SmallRun({{"activation", std::string(f.name)},
                                      {"loss", std::string(loss.name)},
                                      {"init", std::string(init.name)},
                                      {"label_smoothing", "0.2"}});
        SCOPED_TRACE(CanonicalRun(run));
        const GradientReport report = Check(run);
        EXPECT_THAT(report.Failed(), IsEmpty());
        for (const TensorCheck& t : report.tensors) {
          ++tensors;
          at_kink += t.at_kink;
          EXPECT_EQ(t.checked + t.at_kink, t.rows * t.cols) << t.name;
          if (!t.resolved()) {
            ++unresolved;
            EXPECT_EQ(init.name, "constant") << t.name;
          } else if (t.scale > 0) {
            EXPECT_LE(t.Relative(t.loosest_bound), 1e-5) << t.name;
          }
        }
      }
    }
  }
  EXPECT_LT(unresolved, tensors / 50);
  EXPECT_EQ(at_kink, 0u);  // normal biases: nothing lies on a kink
}

TEST(GradientCheck, HoldsForOneSampleOneUnitAndOneLayer) {
  for (const char* shape : {"1x1", "1x1x1", "3x1x2", "5x2", "2x3x3x3x3x3x2"}) {
    for (const char* loss : {"mse", "probe", "sigmoid_cross_entropy"}) {
      const RunSpec run =
          SmallRun({{"shape", shape}, {"batch", "1"}, {"loss", loss}});
      SCOPED_TRACE(CanonicalRun(run));
      const GradientReport report = Check(run);
      EXPECT_THAT(report.Failed(), IsEmpty());
      EXPECT_EQ(report.tensors.size(), 3 * run.depth() + 1);
    }
  }
}

// Where differences could mislead: from logits of 1e9 the head looks like a
// kink.
TEST(GradientCheck, HoldsForHugeLogits) {
  for (const Activation& f : Activations()) {
    for (const Loss& loss : Losses()) {
      const RunSpec run = SmallRun({{"activation", std::string(f.name)},
                                    {"loss", std::string(loss.name)},
                                    {"init", "constant"},
                                    {"gain", "20"},
                                    {"shape", "5x7x6x8x6x7x9x4"}});
      SCOPED_TRACE(CanonicalRun(run));
      EXPECT_THAT(Check(run).Failed(), IsEmpty());
    }
  }
}

// Dead units under huge weights: an exact 0 has no rounding to be multiplied.
TEST(GradientCheck, HoldsForDeadNetworksOfHugeGain) {
  std::string shape = "2";
  for (int l = 0; l < 60; ++l) shape += "x2";
  for (const Loss& loss : Losses()) {
    const RunSpec run = SmallRun({{"activation", "relu"},
                                  {"gain", "1e30"},
                                  {"shape", shape},
                                  {"bias_std", "0"},
                                  {"batch", "17"},
                                  {"data_seed", "0"},
                                  {"loss", std::string(loss.name)}});
    SCOPED_TRACE(CanonicalRun(run));
    EXPECT_THAT(Check(run).Failed(), IsEmpty());
  }
}

// Where products underflow: what is flushed to 0 is no mistake.
TEST(GradientCheck, HoldsWhereNumbersUnderflow) {
  for (const char* activation : {"linear", "tanh", "leaky_relu", "softsign"}) {
    for (const Loss& loss : Losses()) {
      for (const char* gain : {"0", "1e-300", "1e-160", "1e-155", "1e-100"}) {
        for (const char* init : {"xavier_uniform", "constant"}) {
          const RunSpec run = SmallRun({{"activation", activation},
                                        {"loss", std::string(loss.name)},
                                        {"init", init},
                                        {"gain", gain},
                                        {"shape", "2x2x2x2"},
                                        {"input_variance", "1e-12"},
                                        {"bias_std", "0"},
                                        {"batch", "2"}});
          SCOPED_TRACE(CanonicalRun(run));
          EXPECT_THAT(Check(run).Failed(), IsEmpty());
        }
      }
    }
  }
}

// Units in the tails of f, or whose sums cancel: a gradient that is tiny beside
// its tensor, and which rounding moves by more than that of its own sum.
TEST(GradientCheck, HoldsWhereRoundingWeighs) {
  const struct {
    const char *activation, *init, *gain, *seed, *loss;
  } runs[] = {{"leaky_relu", "orthogonal", "0.3", "2", "probe"},
              {"gelu", "xavier_normal", "4", "4", "probe"},
              {"gelu", "normal", "4", "4", "probe"},
              {"gelu", "orthogonal", "4", "2", "softmax_cross_entropy"},
              {"silu", "orthogonal", "4", "0", "probe"}};
  for (const auto& r : runs) {
    const RunSpec run = SmallRun({{"activation", r.activation},
                                  {"init", r.init},
                                  {"gain", r.gain},
                                  {"seed", r.seed},
                                  {"loss", r.loss},
                                  {"shape", "5x7x6x8x4"},
                                  {"batch", "5"},
                                  {"bias_std", "0"},
                                  {"data_seed", "0"}});
    SCOPED_TRACE(CanonicalRun(run));
    EXPECT_THAT(Check(run).Failed(), IsEmpty());
  }
}

// One wrong entry of one tensor fails, and names this tensor and entry alone.
TEST(GradientCheck, NamesTheTensorWithAWrongEntry) {
  const RunSpec run = SmallRun({{"activation", "sigmoid"}, {"loss", "mse"}});
  const size_t depth = run.depth();
  const auto expect_named = [&](const std::string& name, auto tensor) {
    for (const double factor :
         {1 + 1e-6, -1.0, 0.0, std::numeric_limits<double>::quiet_NaN()}) {
      EngineGradients g = ComputeGradients(run, nullptr);
      Matrix<double>& wrong = tensor(g);
      const size_t last = wrong.size() - 1;
      size_t largest = 0;
      for (size_t k = 0; k < last; ++k) {
        if (std::abs(wrong.data()[k]) > std::abs(wrong.data()[largest])) {
          largest = k;
        }
      }
      wrong.data()[largest] *= factor;
      const GradientReport report = CheckGradients(run, g, {});
      EXPECT_FALSE(report.ok());
      // What is not a number in a delta leaves no bound for the others.
      if (std::isnan(factor)) {
        EXPECT_FALSE(Find(report, name).ok()) << name;
        continue;
      }
      EXPECT_THAT(report.Failed(), ElementsAre(name)) << factor;
      const TensorCheck& found = Find(report, name);
      EXPECT_EQ(found.failed, 1u);
      EXPECT_EQ(found.row * found.cols + found.col, largest) << name;
    }
  };
  for (size_t l = 0; l <= depth; ++l) {
    const std::string n = std::to_string(l);
    expect_named(
        "delta_" + n, [l](EngineGradients & g) -> auto& { return g.delta[l]; });
    if (l == depth) break;
    expect_named(
        "dW_" + n, [l](EngineGradients & g) -> auto& { return g.dw[l]; });
    expect_named(
        "db_" + n, [l](EngineGradients & g) -> auto& { return g.db[l]; });
  }
}

// A formula that is wrong: mse's delta without its 1/c. The engine carries it
// through; the first tensor named is where it is.
TEST(GradientCheck, NamesDeltaFirstWhereALossHasAWrongOne) {
  Loss wrong = Losses()[0];
  ASSERT_EQ(wrong.name, "mse");
  wrong.row = [](const LossInput& in, double* delta, int64_t* exponent) {
    const LossRow row = Losses()[0].row(in, delta, exponent);
    for (size_t j = 0; j < in.outputs; ++j) {
      delta[j] *= static_cast<double>(in.outputs);
    }
    return row;
  };
  RunSpec run = SmallRun({{"loss", "mse"}});
  run.loss = &wrong;
  const GradientReport report = Check(run);
  ASSERT_FALSE(report.Failed().empty());
  EXPECT_EQ(report.Failed()[0], "delta_3");
  EXPECT_EQ(report.Failed().size(), report.tensors.size());
  const TensorCheck& delta = report.tensors[0];
  EXPECT_NEAR(delta.analytic, 2 * delta.numeric, 1e-9);
}

// The engine's forward pass is compared, too.
TEST(GradientCheck, ComparesTheLoss) {
  const RunSpec run = SmallRun({{"loss", "mse"}});
  EngineGradients g = ComputeGradients(run, nullptr);
  g.loss *= 1 + 1e-12;
  EXPECT_THAT(CheckGradients(run, g, {}).Failed(), ElementsAre("loss"));
}

// With an input of zeros and no biases every Z_1 is exactly 0, where relu has
// no derivative; elu and softsign do (f'' jumps), hard_tanh bends elsewhere.
TEST(GradientCheck, CountsWhatIsNotDifferentiable) {
  for (const char* f :
       {"relu", "leaky_relu", "selu", "elu", "softsign", "hard_tanh", "tanh"}) {
    const bool jumps =
        std::strstr(f, "elu") != nullptr && f != std::string("elu");
    const GradientReport report = Check(SmallRun({{"activation", f},
                                                  {"loss", "mse"},
                                                  {"shape", "3x4x2"},
                                                  {"input_variance", "0"},
                                                  {"bias_std", "0"}}));
    EXPECT_THAT(report.Failed(), IsEmpty()) << f;
    const TensorCheck& delta = Find(report, "delta_1");
    EXPECT_EQ(delta.at_kink, jumps ? 12u : 0u) << f;
    EXPECT_EQ(delta.checked, jumps ? 0u : 12u) << f;
    EXPECT_EQ(Find(report, "db_0").at_kink, jumps ? 4u : 0u) << f;
    // The weights meet an input of 0: nothing moves.
    EXPECT_EQ(Find(report, "dW_0").checked, 12u) << f;
    EXPECT_EQ(Find(report, "delta_2").checked, 6u) << f;
    EXPECT_TRUE(jumps || delta.resolved()) << f;
  }
}

// Zero weights: relu's units lie on their kink, but nothing looks at them.
TEST(GradientCheck, IgnoresKinksThatDoNotMatter) {
  const GradientReport report = Check(
      SmallRun({{"activation", "relu"}, {"init", "zero"}, {"bias_std", "0"}}));
  EXPECT_THAT(report.Failed(), IsEmpty());
  for (const TensorCheck& t : report.tensors) {
    EXPECT_EQ(t.checked, t.rows * t.cols) << t.name;
    EXPECT_TRUE(t.resolved()) << t.name;
  }
}

TEST(GradientCheck, ChecksSomeEntriesOfALargeTensor) {
  const RunSpec run = SmallRun(
      {{"shape", "200x300x10"}, {"batch", "8"}, {"activation", "tanh"}});
  EngineGradients g = ComputeGradients(run, nullptr);
  const GradientReport report = CheckGradients(run, g, {});
  EXPECT_THAT(report.Failed(), IsEmpty());
  EXPECT_EQ(Find(report, "dW_0").checked, 200u);
  EXPECT_EQ(Find(report, "db_0").checked, 300u);
  // The largest entry is among them.
  double* largest = g.dw[0].data();
  for (size_t k = 0; k < g.dw[0].size(); ++k) {
    double* entry = g.dw[0].data() + k;
    if (std::abs(*entry) > std::abs(*largest)) largest = entry;
  }
  *largest *= 1.01;
  EXPECT_THAT(CheckGradients(run, g, {}).Failed(), ElementsAre("dW_0"));
}

TEST(GradientCheck, IsTheSameForAnyNumberOfJobs) {
  const RunSpec run = SmallRun({{"activation", "gelu"}});
  const EngineGradients g = ComputeGradients(run, nullptr);
  const GradientReport one = CheckGradients(run, g, {1, nullptr});
  const GradientReport three = CheckGradients(run, g, {3, nullptr});
  ASSERT_EQ(one.tensors.size(), three.tensors.size());
  for (size_t t = 0; t < one.tensors.size(); ++t) {
    EXPECT_EQ(one.tensors[t].numeric, three.tensors[t].numeric);
    EXPECT_EQ(one.tensors[t].loosest_bound, three.tensors[t].loosest_bound);
  }
}

TEST(GradientCheck, Stops) {
  const RunSpec run = SmallRun({});
  const EngineGradients g = ComputeGradients(run, nullptr);
  const std::atomic<bool> stop = true;
  EXPECT_THROW(ComputeGradients(run, &stop), Interrupted);
  EXPECT_THROW(CheckGradients(run, g, {1, &stop}), Interrupted);
}

TEST(GradientCheck, RefusesWhatOverflows) {
  const auto expect_refused = [](const std::string& what, const auto& check) {
    try {
      check();
      ADD_FAILURE() << "nothing thrown for " << what;
    } catch (const UserError& error) {
      EXPECT_EQ(error.code(), ExitCode::kUsage);
      EXPECT_THAT(error.what(), HasSubstr(what));
    }
  };
  // 1e100 four times over is beyond double.
  expect_refused("the logits overflow: 10^", [] {
    Check(SmallRun(
        {{"activation", "linear"}, {"gain", "1e100"}, {"shape", "3x3x3x3x2"}}));
  });
  // Logits that double holds, but not their squares.
  const RunSpec run = SmallRun({{"loss", "mse"}});
  EngineGradients g = ComputeGradients(run, nullptr);
  g.parameters.b[2](0, 1) = 1e200;
  expect_refused("the loss is inf: the logits overflow; lower gain or depth",
                 [&] { CheckGradients(run, g, {}); });
}

}  // namespace
}  // namespace initscope
