#include "spec/sample_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "spec/small_data_test.h"

namespace initscope {
namespace {

using testing::ElementsAre;

TEST(SampleSet, StandardizesInDouble) {
  InputCatalog catalog(SmallData);
  const size_t input = catalog.Find("small", "");
  const auto features = catalog.Samples(input, {}, 0, Standardize::kFeatures);
  std::vector<double> sum(3, 0), squares(3, 0), row(3);
  for (size_t i = 0; i < 6; ++i) {
    features->CopySample(i, row.data());
    for (size_t j = 0; j < 3; ++j) {
      sum[j] += row[j];
      squares[j] += row[j] * row[j];
    }
  }
  for (size_t j = 0; j < 2; ++j) {
    EXPECT_NEAR(sum[j], 0, 1e-14);
    EXPECT_NEAR(squares[j], 6, 1e-13);
  }
  EXPECT_EQ(squares[2], 0);  // the constant feature
}

// Rows of `reals`, three features each.
std::vector<double> Standardized(const std::vector<double>& reals,
                                 Standardize standardize) {
  InputCatalog catalog([&](const std::string&, const std::string&) {
    InputData data;
    data.samples = reals.size() / 3;
    data.width = 3;
    data.reals = reals;
    return data;
  });
  const auto set = catalog.Samples(catalog.Find("", ""), {}, 0, standardize);
  std::vector<double> out(reals.size());
  for (size_t i = 0; i < set->samples(); ++i)
    set->CopySample(i, out.data() + 3 * i);
  return out;
}

TEST(SampleSet, StandardizesUpToTheLimitsOfDouble) {
  const std::vector<double> plain = {1, 2, -3, 4, 5, 6, -7, 8, 9.5};
  for (const auto standardize :
       {Standardize::kFeatures, Standardize::kGlobal}) {
    const std::vector<double> expected = Standardized(plain, standardize);
    for (const int power :
         {-1000, -600, -512, -450, -350, 350, 450, 500, 512, 600, 1000, 1020}) {
      std::vector<double> scaled = plain;
      for (double& x : scaled) x = std::ldexp(x, power);
      // A power of two changes no bit.
      EXPECT_EQ(Standardized(scaled, standardize), expected) << power;
    }
    // Denormal numbers, and the sum of both ends of the range.
    std::vector<double> tiny = plain;
    for (double& x : tiny) x = 2 * x * 5e-324;
    EXPECT_EQ(Standardized(tiny, standardize), expected);
    const double most = std::numeric_limits<double>::max();
    for (double x : Standardized(
             {most, -most, most, -most, most, most, most, -most, -most},
             standardize)) {
      EXPECT_NEAR(std::abs(x), 1, 0.5);
    }
  }
}

TEST(SampleSet, StandardizesFeaturesOfAllMagnitudes) {
  // The second is constant; each feature has its own scale.
  const std::vector<double> found = Standardized(
      {1e300, 1e300, 1e-300, -1e300, 1e300, -1e-300, 3e300, 1e300, 3e-300},
      Standardize::kFeatures);
  const double far = 2 / std::sqrt(8.0 / 3);
  const std::vector<double> expected = {0, 0, 0, -far, 0, -far, far, 0, far};
  for (size_t i = 0; i < 9; ++i) EXPECT_NEAR(found[i], expected[i], 1e-15);
  for (const double value : {1e308, 1e-308, 5e-324, 0.0}) {
    for (const auto standardize :
         {Standardize::kFeatures, Standardize::kGlobal}) {
      EXPECT_THAT(Standardized(std::vector<double>(6, value), standardize),
                  testing::Each(0.0));
    }
  }
}

TEST(SampleSet, KeepsClassesAndNumbersThemAnew) {
  InputCatalog catalog(SmallData);
  const auto set =
      catalog.Samples(catalog.Find("small", ""), {2, 0}, 0, Standardize::kNone);
  ASSERT_EQ(set->samples(), 4u);
  EXPECT_EQ(set->classes(), 2u);
  EXPECT_EQ(set->Label(0), 1u);  // sample 0, of class 0
  EXPECT_EQ(set->Label(1), 0u);  // sample 2, of class 2
}

TEST(SampleSet, OrderIsAPermutationOfDataSeed) {
  InputCatalog catalog(SmallData);
  const auto set =
      catalog.Samples(catalog.Find("small", ""), {}, 0, Standardize::kNone);
  std::vector<uint32_t> order = set->Order(3);
  EXPECT_EQ(order, set->Order(3));
  EXPECT_NE(order, set->Order(4));
  std::sort(order.begin(), order.end());
  EXPECT_THAT(order, ElementsAre(0u, 1u, 2u, 3u, 4u, 5u));
}

}  // namespace
}  // namespace initscope
