#include "sweep/rates.h"

#include <gtest/gtest.h>

#include <set>
#include <string_view>

#include "engine/oracle_test.h"
#include "sweep/sweep_cost.h"

namespace initscope {
namespace {

TEST(Parts, HaveNamesUnitsAndRates) {
  std::set<std::string_view> names;
  for (const PartInfo& part : kParts) {
    EXPECT_TRUE(names.insert(part.name).second) << part.name;
    EXPECT_FALSE(part.unit.empty()) << part.name;
    EXPECT_GT(part.seconds, 0) << part.name;
  }
  EXPECT_EQ(kPartCount, static_cast<size_t>(Part::kMemory) + 1);
}

TEST(Rates, MeasureWhatThereIs) {
  const std::vector<RunSpec> runs = {MakeRun({{"width", "64"},
                                              {"depth", "3"},
                                              {"batch", "32"},
                                              {"init", "orthogonal"}})};
  const SweepWork work = CountWork(runs, 1, true);
  const Rates rates(runs, work.total);
  double sum = 0;
  for (size_t i = 0; i < kPartCount; ++i) {
    const Part part = static_cast<Part>(i);
    const double seconds = rates.Seconds(work.total, part);
    EXPECT_EQ(seconds > 0, work.total[part] > 0) << kParts[i].name;
    EXPECT_LT(seconds, 1) << kParts[i].name;
    sum += seconds;
  }
  EXPECT_DOUBLE_EQ(rates.Seconds(work.total), sum);
  EXPECT_DOUBLE_EQ(rates.Seconds(work.total.ScaledBy(2)), 2 * sum);
  // From an old core's scalar loops to a new one's matrix engine.
  EXPECT_GT(rates.ProductRate(), 1e8);
  EXPECT_LT(rates.ProductRate(), 1e13);
}

}  // namespace
}  // namespace initscope
