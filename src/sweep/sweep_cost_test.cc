#include "sweep/sweep_cost.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "engine/oracle_test.h"
#include "sweep/store_pace.h"

namespace initscope {
namespace {

using Settings = std::map<std::string, std::string>;

Work WorkOf(const Settings& settings, bool theory = false) {
  return CountWork({MakeRun(settings)}, 1, theory).total;
}

// In each of 4 layers two products of 2·17·33² and two symmetric Gram matrices
// of 17²·33, which are less than the product of the gradient.
TEST(CountWork, CountsProducts) {
  const Settings run = {{"depth", "4"}, {"width", "33"}, {"batch", "17"}};
  const double flops = 4.0 * (4 * 17 * 33 * 33 + 2 * 17 * 17 * 33);
  EXPECT_EQ(RunFlops(MakeRun(run)), flops);
  EXPECT_EQ(WorkOf(run)[Part::kProducts], flops);
  Settings wide = run;
  wide["precision"] = "float64";
  EXPECT_EQ(WorkOf(wide)[Part::kDoubleProducts], flops);
  EXPECT_EQ(WorkOf(wide)[Part::kProducts], 0);
  Settings zero = run;
  zero["init"] = "zero";
  EXPECT_LT(WorkOf(zero)[Part::kProducts], flops / 2);
}

// What doubles where a key doubles.
TEST(CountWork, GrowsAsTheKeysSay) {
  const Settings run = {{"depth", "40"}, {"width", "100"}, {"batch", "16"}};
  struct Case {
    const char *key, *value;
    Part part;
  };
  constexpr Case kCases[] = {
      {"depth", "80", Part::kProducts},  {"depth", "80", Part::kSamples},
      {"depth", "80", Part::kResults},   {"depth", "80", Part::kTheoryPairs},
      {"batch", "32", Part::kSamples},   {"batch", "32", Part::kEntries},
      {"batches", "2", Part::kProducts}, {"batches", "2", Part::kSamples},
      {"width", "200", Part::kEntries},  {"batch", "32", Part::kInputs}};
  for (const Case& c : kCases) {
    Settings more = run;
    more[c.key] = c.value;
    const double ratio = WorkOf(more, true)[c.part] / WorkOf(run, true)[c.part];
    EXPECT_GE(ratio, 1.9) << c.key << " " << kParts[int(c.part)].name;
    EXPECT_LE(ratio, 2.0) << c.key << " " << kParts[int(c.part)].name;
  }
}

TEST(CountWork, HasWhatIsAskedForOnly) {
  const Settings run = {{"depth", "3"}, {"width", "20"}, {"batch", "8"}};
  const Work plain = WorkOf(run);
  for (const Part part :
       {Part::kDecompositions, Part::kJacobians, Part::kTheoryPairs,
        Part::kTheoryTables, Part::kDoubleProducts}) {
    EXPECT_EQ(plain[part], 0) << kParts[int(part)].name;
  }
  const auto with = [&](const char* key, const char* value) {
    Settings more = run;
    more[key] = value;
    return WorkOf(more);
  };
  // QR and Q: 8n³/3, of each layer.
  EXPECT_NEAR(with("init", "orthogonal")[Part::kDecompositions],
              3 * 8.0 / 3 * 20 * 20 * 20, 1);
  EXPECT_GT(with("jacobian", "on")[Part::kJacobians], 0);
  const Work theory = WorkOf(run, true);
  EXPECT_GT(theory[Part::kTheoryPairs], 0);
  EXPECT_GT(theory[Part::kTheoryTables], 0);
}

// Seeds share no draw; gains of a homogeneous activation share all but
// results.
TEST(CountWork, CountsWhatIsSharedOnce) {
  std::vector<RunSpec> gains;
  for (const char* gain : {"1", "2", "3"}) {
    gains.push_back(MakeRun({{"activation", "relu"},
                             {"gain", gain},
                             {"width", "20"},
                             {"loss", "probe"}}));
  }
  const Work one = CountWork({gains[0]}, 1, false).total;
  const Work three = CountWork(gains, 1, false).total;
  EXPECT_EQ(three[Part::kProducts], one[Part::kProducts]);
  EXPECT_EQ(three[Part::kDraws], one[Part::kDraws]);
  EXPECT_EQ(three[Part::kResults], 3 * one[Part::kResults]);
}

TEST(EstimateMemory, GrowsWithRunsAndJobs) {
  std::vector<RunSpec> runs;
  for (int seed = 0; seed < 4; ++seed) {
    runs.push_back(MakeRun({{"seed", std::to_string(seed)}, {"width", "64"}}));
  }
  const SweepMemory one = EstimateMemory({runs[0]}, 1, true, 1000);
  const SweepMemory all = EstimateMemory(runs, 1, true, 1000);
  const SweepMemory two = EstimateMemory(runs, 2, true, 1000);
  EXPECT_EQ(all.results, 4 * one.results);
  EXPECT_LT(EstimateMemory(runs, 1, false, 1000).results, all.results);
  EXPECT_NEAR(all.total - one.total, all.results - one.results,
              0.05 * all.results);
  EXPECT_GT(two.total, all.total + 1e6);
  EXPECT_NEAR(two.total - all.total, all.per_job, 1);
  EXPECT_EQ(EstimateMemory(runs, 2, true, 2000).total, two.total + 1000);
}

// What waits to be stored does not grow with the number of runs.
TEST(MemoryEstimate, OfStoredResultsIsBounded) {
  RunSpec run = MakeRun({{"depth", "100"}, {"width", "8"}});
  const auto results = [&](int runs, double seconds) {
    MemoryEstimate estimate(1, true, ResultPlace::kStore);
    for (int i = 0; i < runs; ++i) {
      run.gain = 1 + 1e-6 * i;
      estimate.Add(run, seconds);
    }
    return estimate.Total(0).results;
  };
  const double all = ResultMemory(run, true);
  EXPECT_EQ(results(10, 0.01), 5 * all);  // none is stored before the end
  // A run each 0.1 s: about ten are stored together.
  EXPECT_GT(results(1000, 0.1), 20 * all);
  EXPECT_LT(results(1000, 0.1), 50 * all);
  // So quick that their size decides.
  const double size = kStoredTogether / ResultBytes(run, true) * all;
  EXPECT_GT(results(5000, 0.0001), size);
  EXPECT_NEAR(results(10000, 0.0001), results(5000, 0.0001), 0.01 * size);
}

}  // namespace
}  // namespace initscope
