#include "engine/engines.h"

#include <gtest/gtest.h>

#include "engine/oracle_test.h"

namespace initscope {
namespace {

TEST(Engines, MakeALayerForEveryLayer) {
  const RunSpec run = MakeRun({{"shape", "7x5x3"}, {"init", "he_normal"}});
  const NetworkWeights<float> weights = MakeWeights<float>(run);
  ASSERT_EQ(weights.size(), run.depth());
  for (size_t l = 0; l < run.depth(); ++l) {
    const Matrix<float> u = weights[l]->Entries();
    EXPECT_EQ(u.rows(), run.layers[l].fan_in);
    EXPECT_EQ(u.cols(), run.layers[l].fan_out);
    EXPECT_EQ(weights[l]->bias(), nullptr);
  }
  // Layers are drawn apart.
  EXPECT_NE(weights[0]->Entries()(0, 0), weights[1]->Entries()(0, 0));
}

TEST(Engines, CountProductsAndWeights) {
  const RunSpec run = MakeRun({{"shape", "7x5x3"}, {"batch", "4"}});
  EXPECT_EQ(EngineOf(run).flops(run), 2 * 4 * (7 * 5 + 5 * 3));
  EXPECT_EQ(EngineOf(run).bytes(run, 2), 4 * (7 * 5 + 5 * 3));
  const RunSpec zero =
      MakeRun({{"shape", "7x5x3"}, {"batch", "4"}, {"init", "zero"}});
  EXPECT_EQ(EngineOf(zero).flops(zero), 0);
  EXPECT_EQ(EngineOf(zero).bytes(zero, 2), 0);
}

TEST(Engines, KeepWeightsUpToAGibibyte) {
  const auto run = [](const char* width) {
    return MakeRun({{"depth", "1"}, {"width", width}, {"batch", "1"}});
  };
  EXPECT_TRUE(KeepsWeights(run("16384")));
  EXPECT_FALSE(KeepsWeights(run("16385")));
  const RunSpec large = run("16385");
  EXPECT_LT(EngineOf(large).bytes(large, 2), 1e7);
}

}  // namespace
}  // namespace initscope
