// Training as a whole, on small networks; against NumPy step by step in
// scripts/tests/engine/training_test.py.

#include "engine/training.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "engine/oracle_test.h"
#include "engine/statistics.h"
#include "sweep/result_sink_test.h"
#include "sweep/scheduler.h"

namespace initscope {
namespace {

using Settings = std::map<std::string, std::string>;

RunSpec Small(Settings settings) {
  settings.insert({{"shape", "20x33x15x4"},
                   {"batch", "18"},
                   {"steps", "12"},
                   {"loss", "softmax_cross_entropy"}});
  return MakeRun(settings);
}

std::vector<RunSpec> SmallTraining() {
  std::vector<RunSpec> runs;
  for (const char* activation : {"tanh", "relu", "gelu"}) {
    for (const char* init : {"he_normal", "zero", "lsuv"}) {
      runs.push_back(Small({{"activation", activation},
                            {"init", init},
                            {"momentum", "0.9"},
                            {"learning_rate", "0.1"}}));
    }
  }
  return runs;
}

TEST(Training, JobsChangeNoBit) {
  const std::vector<RunSpec> runs = SmallTraining();
  const std::vector<RunResult> one = ResultsOf(TrainSweep, runs, {1});
  const std::vector<RunResult> two = ResultsOf(TrainSweep, runs, {2});
  for (size_t i = 0; i < runs.size(); ++i) {
    RunResult inside;
    TrainRun(runs[i], {nullptr, nullptr, 2}, &inside);
    const RunResult* const others[] = {&two[i], &inside};
    for (const RunResult* other : others) {
      ASSERT_EQ(one[i].steps.size(), 13u);
      EXPECT_TRUE(SameBits(one[i].statistics, other->statistics))
          << runs[i].Title();
    }
  }
}

TEST(Training, RecordsTheStepsAskedFor) {
  RunResult result;
  TrainRun(Small({{"record", "0,3,4"}}), {}, &result);
  EXPECT_FALSE(result.diverged);
  EXPECT_EQ(result.recorded, (std::vector<uint64_t>{0, 3, 4}));
  EXPECT_EQ(result.statistics.size(), 3 * 4 * StatisticColumns().size());
  RunResult logarithmic;
  TrainRun(Small({}), {}, &logarithmic);
  EXPECT_EQ(logarithmic.recorded, (std::vector<uint64_t>{0, 1, 2, 5, 10, 12}));
  EXPECT_EQ(result.loss_value, logarithmic.loss_value);
}

TEST(Training, EndsWhereItDiverges) {
  RunResult result;
  TrainRun(Small({{"learning_rate", "1e30"}, {"loss", "mse"}}), {}, &result);
  EXPECT_TRUE(result.diverged);
  EXPECT_LT(result.steps.size(), 13u);
  EXPECT_FALSE(std::isfinite(result.steps.back().loss_value));
}

TEST(Training, StopsWhenAsked) {
  EXPECT_EQ(FinishedWhenStopped(TrainSweep, SmallTraining()), 0u);
}

// sigmoid(0) = ½ lets the output weights move, all rows alike; units that
// begin alike never part, to the bit.
TEST(Training, SymmetryIsExact) {
  const auto columns = StatisticColumns();
  for (const char* init : {"zero", "constant"}) {
    for (const char* activation : {"sigmoid", "tanh", "relu", "softplus"}) {
      RunResult result;
      TrainRun(Small({{"init", init},
                      {"activation", activation},
                      {"learning_rate", "0.5"}}),
               {}, &result);
      for (size_t k = 0; k < result.statistics.size(); ++k) {
        const std::string& name = columns[k % columns.size()].name;
        const size_t layer = k / columns.size() % 4;
        const bool hidden = layer == 1 || layer == 2;
        if (hidden && (name == "pre_activation_unit_variance" ||
                       name == "delta_unit_variance")) {
          ASSERT_EQ(result.statistics[k], 0)
              << name << ", " << activation << ", " << init << ", layer "
              << layer;
        }
      }
    }
  }
}

}  // namespace
}  // namespace initscope
