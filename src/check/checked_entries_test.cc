#include "check/checked_entries.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace initscope {
namespace {

TEST(CheckedEntries, AreAllOrSpreadOverRowsAndColumns) {
  // 256 columns are a stride that a power of two would fall into.
  Matrix<double> gradient(256, 256);
  std::fill_n(gradient.data(), gradient.size(), 1.0);
  gradient(77, 3) = -2;
  for (const size_t count : {20u, 200u, 60000u}) {
    const std::vector<size_t> chosen = CheckedEntries(gradient, count);
    ASSERT_EQ(chosen.size(), count);
    EXPECT_TRUE(std::is_sorted(chosen.begin(), chosen.end()));
    EXPECT_EQ(std::adjacent_find(chosen.begin(), chosen.end()), chosen.end());
    EXPECT_LT(chosen.back(), gradient.size());
    EXPECT_TRUE(
        std::binary_search(chosen.begin(), chosen.end(), 77u * 256 + 3));
    // A quarter of the rows, and of the columns, has a quarter of the entries,
    // to within what so few points allow.
    size_t rows = 0, cols = 0;
    for (const size_t k : chosen) {
      rows += k / 256 < 64;
      cols += k % 256 < 64;
    }
    const double n = static_cast<double>(count);
    EXPECT_NEAR(static_cast<double>(rows), n / 4, 2 + n / 20);
    EXPECT_NEAR(static_cast<double>(cols), n / 4, 2 * std::sqrt(n));
  }
  EXPECT_EQ(CheckedEntries(gradient, gradient.size()).back(),
            gradient.size() - 1);
}

TEST(CheckedEntries, CountFallsWithTheCost) {
  EXPECT_EQ(CheckedCount(1000, 1e3), 1000u);
  EXPECT_EQ(CheckedCount(1000, 1e7), 200u);
  EXPECT_EQ(CheckedCount(1000, 1e9), 20u);
  EXPECT_EQ(CheckedCount(7, 1e12), 7u);
  // One sample's pass against a batch's.
  Network network;
  network.SetLayers(Activations()[0], {10, 20, 5});
  EXPECT_GT(DifferenceFlops(GradientKind::kWeight, 0, network, 64),
            60 * DifferenceFlops(GradientKind::kDelta, 1, network, 64));
}

}  // namespace
}  // namespace initscope
