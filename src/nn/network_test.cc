#include "nn/network.h"

#include <gtest/gtest.h>

#include "nn/find_activation_test.h"

namespace initscope {
namespace {

Network Make(const std::vector<size_t>& widths) {
  Network network;
  network.SetLayers(FindActivation("relu"), widths);
  return network;
}

TEST(Network, LayersLieBetweenTheWidths) {
  const Network network = Make({784, 300, 100, 10});
  ASSERT_EQ(network.depth(), 3u);
  const size_t widths[] = {784, 300, 100, 10};
  for (size_t l = 0; l <= 3; ++l) EXPECT_EQ(network.width(l), widths[l]);
  for (size_t l = 0; l < 3; ++l) {
    EXPECT_EQ(network.layers[l].fan_in, widths[l]);
    EXPECT_EQ(network.layers[l].fan_out, widths[l + 1]);
  }
  EXPECT_EQ(network.inputs(), 784u);
  EXPECT_EQ(network.outputs(), 10u);
  EXPECT_EQ(network.widest(), 784u);
  EXPECT_EQ(Make({2, 3}).widest(), 3u);
  EXPECT_EQ(network.weights(), 784 * 300 + 300 * 100 + 100 * 10);
  EXPECT_EQ(network.most_weights(), 784 * 300);
  EXPECT_EQ(network.Shape(), "784x300x100x10");
  EXPECT_EQ(network.Shape(' '), "784 300 100 10");
}

TEST(Network, OnlyTheOutputIsLinear) {
  const Network network = Make({4, 3, 2, 1});
  EXPECT_EQ(network.layers[0].activation, network.activation);
  EXPECT_EQ(network.layers[1].activation, network.activation);
  EXPECT_EQ(network.layers[2].activation, nullptr);
  const Network shallow = Make({4, 1});
  EXPECT_EQ(shallow.activation->name, "relu");
  EXPECT_EQ(shallow.layers[0].activation, nullptr);
}

TEST(Network, ComparesEveryLayer) {
  EXPECT_EQ(Make({4, 3, 2}), Make({4, 3, 2}));
  EXPECT_NE(Make({4, 3, 2}), Make({4, 3, 1}));
  Network other = Make({4, 3, 2});
  other.layers[0].activation = &FindActivation("tanh");
  EXPECT_NE(other, Make({4, 3, 2}));
  EXPECT_DEATH(Make({4}), "");
}

}  // namespace
}  // namespace initscope
