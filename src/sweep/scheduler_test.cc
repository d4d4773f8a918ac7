#include "sweep/scheduler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "engine/oracle_test.h"
#include "engine/sharing.h"
#include "sweep/result_sink_test.h"
#include "sweep/sweep_cost.h"

namespace initscope {
namespace {

std::vector<RunSpec> SmallSweep() {
  std::vector<RunSpec> runs;
  for (const char* f : {"sigmoid", "tanh", "relu"}) {
    for (const char* init : {"zero", "xavier_normal", "he_normal"}) {
      for (const char* seed : {"0", "1", "2"}) {
        runs.push_back(MakeRun({{"activation", f},
                                {"init", init},
                                {"seed", seed},
                                {"depth", "4"},
                                {"width", "33"},
                                {"batch", "17"}}));
      }
    }
  }
  return runs;
}

TEST(MakeSchedule, CoversEachRunOnceAndSharesDraws) {
  const std::vector<RunSpec> runs = SmallSweep();
  for (size_t jobs : {1, 2, 8}) {
    for (double bytes : {1.0, 1e9}) {
      std::set<size_t> seen;
      const Schedule schedule = MakeSchedule(runs, jobs, bytes);
      EXPECT_TRUE(schedule.shared.empty());  // too narrow
      for (const Bundle& bundle : schedule.parallel) {
        for (size_t i : bundle) {
          EXPECT_TRUE(seen.insert(i).second);
          EXPECT_EQ(UnitDrawOf(runs[i]), UnitDrawOf(runs[bundle[0]]));
        }
        if (bytes == 1.0) {  // one pass each
          for (size_t i : bundle) {
            EXPECT_EQ(ForwardPassOf(runs[i]), ForwardPassOf(runs[bundle[0]]));
          }
        }
      }
      EXPECT_EQ(seen.size(), runs.size());
    }
  }
  // Two inits share a normal draw: more than one run in a bundle.
  EXPECT_GT(MakeSchedule(runs, 1, 1e9).parallel[0].size(), 1u);
}

TEST(MakeSchedule, SharesWideBundlesThatAreTooFew) {
  std::vector<RunSpec> runs;
  for (const char* seed : {"0", "1", "2", "3", "4"}) {
    runs.push_back(MakeRun({{"width", "512"}, {"depth", "3"}, {"seed", seed}}));
  }
  const Schedule five = MakeSchedule(runs, 2, 1e9);
  EXPECT_EQ(five.parallel.size(), 4u);
  EXPECT_EQ(five.shared.size(), 1u);
  EXPECT_EQ(MakeSchedule({runs[0]}, 2, 1e9).shared.size(), 1u);
  EXPECT_EQ(MakeSchedule(runs, 1, 1e9).shared.size(), 0u);
}

// One forward pass serves every gain of a homogeneous activation.
TEST(MakeSchedule, KeepsAPassInOneBundle) {
  std::vector<RunSpec> runs;
  for (int gain = 1; gain <= 40; ++gain) {
    runs.push_back(MakeRun({{"activation", "relu"},
                            {"width", "20"},
                            {"gain", std::to_string(gain)}}));
  }
  EXPECT_EQ(MakeSchedule(runs, 4, 1).parallel.size(), 1u);
}

// Other losses have a backward pass for each gain, which take memory.
TEST(MakeSchedule, CutsAPassWhoseBackwardPassesDoNotFit) {
  std::vector<RunSpec> runs;
  for (int gain = 1; gain <= 40; ++gain) {
    runs.push_back(MakeRun({{"activation", "relu"},
                            {"width", "20"},
                            {"loss", "mse"},
                            {"gain", std::to_string(gain)}}));
  }
  EXPECT_EQ(MakeSchedule(runs, 1, 1).parallel.size(), 40u);
  EXPECT_EQ(MakeSchedule(runs, 1, 1e9).parallel.size(), 1u);
  EXPECT_GT(
      EstimateMemory(runs, 1, true, 0).total,
      EstimateMemory({runs[0]}, 1, true, 0).total + 39 * 2 * 256 * 20 * 4);
}

TEST(RunSweep, JobsAndOrderDoNotChangeABit) {
  std::vector<RunSpec> runs = SmallSweep();
  const std::vector<RunResult> one = ResultsOf(RunSweep, runs, {1});
  std::reverse(runs.begin(), runs.end());
  for (size_t jobs : {2, 3, 8}) {
    const std::vector<RunResult> many = ResultsOf(RunSweep, runs, {jobs});
    for (size_t i = 0; i < runs.size(); ++i) {
      const RunResult& a = one[i];
      const RunResult& b = many[runs.size() - 1 - i];
      EXPECT_TRUE(SameBits(a.statistics, b.statistics));
      EXPECT_TRUE(SameBits(a.theory, b.theory));
    }
  }
}

TEST(RunSweep, StopsWhenTold) {
  EXPECT_EQ(FinishedWhenStopped(RunSweep, SmallSweep()), 0u);
}

}  // namespace
}  // namespace initscope
