#include "sim/verdict.h"

#include <gmock/gmock.h>

#include <cmath>
#include <functional>
#include <limits>
#include <random>

#include "random/normal_quantile.h"

namespace initscope {
namespace {

using ::testing::ElementsAre;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr size_t kDepth = 10;

// A run of which nothing can be said: 1 everywhere, without theory.
RunReadings Quiet(uint64_t seed = 0, size_t depth = kDepth) {
  RunReadings run;
  run.seed = seed;
  run.forward.measured.assign(depth + 1, 0.0);
  run.forward.measured[0] = kNan;
  run.backward.measured.assign(depth + 1, 0.0);
  for (RunCurve* curve : {&run.forward, &run.backward}) {
    curve->theory.assign(depth + 1, kNan);
    curve->theory_std.assign(depth + 1, kNan);
  }
  run.saturated.assign(depth + 1, 0.1);
  run.dead.assign(depth + 1, 0.1);
  for (std::vector<double>* column : {&run.saturated, &run.dead}) {
    column->front() = column->back() = kNan;
  }
  return run;
}

constexpr double kStd = 0.02;

// The same with the theory that it is 1, as a file has it: forward for rows
// 1 … L, backward below the row where it starts.
RunReadings Predicted(uint64_t seed = 0) {
  RunReadings run = Quiet(seed);
  for (size_t l = 0; l <= kDepth; ++l) {
    if (l > 0) run.forward.theory[l] = 0, run.forward.theory_std[l] = kStd;
    if (l < kDepth)
      run.backward.theory[l] = 0, run.backward.theory_std[l] = kStd;
  }
  return run;
}

// log10 = slope·l.
void Slope(double slope, std::vector<double>* measured) {
  for (size_t l = 1; l < measured->size(); ++l) {
    (*measured)[l] = slope * static_cast<double>(l);
  }
}

std::vector<Finding> FindingsOf(const std::vector<RunReadings>& runs) {
  return JudgeRuns(runs).findings;
}

// What |z| may be, from the header's formula.
double Bound(double n, size_t rows) {
  const double noise = std::hypot(kStd / std::sqrt(n), kRounding);
  return NormalQuantile(1 - kFalseAlarms / 2 / static_cast<double>(rows)) +
         kStd * std::pow(kStd * std::log(10), 2) / 2 / noise;
}

struct Case {
  const char* name;
  std::function<void(RunReadings*)> change;
  std::vector<Finding> expected;
};

// L = 10: layers 2 … 9 are seven steps, which must change by more than half a
// decade each.
const Case kCases[] = {
    {"quiet", [](RunReadings*) {}, {Finding::kNoTheory}},
    {"falls slowly",
     [](RunReadings* r) { Slope(-0.49, &r->forward.measured); },
     {Finding::kNoTheory}},
    {"falls fast",
     [](RunReadings* r) { Slope(-0.51, &r->forward.measured); },
     {Finding::kVanishes, Finding::kNoTheory}},
    {"grows fast",
     [](RunReadings* r) { Slope(0.51, &r->forward.measured); },
     {Finding::kExplodes, Finding::kNoTheory}},
    {"delta falls towards the input",
     [](RunReadings* r) { Slope(0.51, &r->backward.measured); },
     {Finding::kVanishes, Finding::kNoTheory}},
    {"delta grows towards the input",
     [](RunReadings* r) { Slope(-0.51, &r->backward.measured); },
     {Finding::kExplodes, Finding::kNoTheory}},
    {"grows forward, falls backward",
     [](RunReadings* r) {
       Slope(1, &r->forward.measured);
       Slope(1, &r->backward.measured);
     },
     {Finding::kVanishes, Finding::kExplodes, Finding::kNoTheory}},
    {"the input alone is large",
     [](RunReadings* r) { r->forward.measured[1] = 8; },
     {Finding::kNoTheory}},
    {"the output's layer alone is small",
     [](RunReadings* r) { r->forward.measured[kDepth] = -8; },
     {Finding::kNoTheory}},
    {"zero forward",
     [](RunReadings* r) {
       r->forward.measured[4] = -kInf;
       r->saturated[4] = 1;
     },
     {Finding::kDead}},
    {"zero backward",
     [](RunReadings* r) { r->backward.measured[0] = -kInf; },
     {Finding::kDead}},
    {"a loss without gradient is not the network's death",
     [](RunReadings* r) { r->backward.measured[kDepth] = -kInf; },
     {Finding::kNoTheory}},
    {"units dead",
     [](RunReadings* r) { r->dead[3] = 0.91; },
     {Finding::kDead, Finding::kNoTheory}},
    {"half of the units dead",
     [](RunReadings* r) { r->dead[3] = 0.6; },
     {Finding::kNoTheory}},
    {"saturated",
     [](RunReadings* r) { r->saturated[1] = 0.76; },
     {Finding::kSaturated, Finding::kNoTheory}},
    {"saturated on one side",
     [](RunReadings* r) { r->saturated.assign(kDepth + 1, 0.55); },
     {Finding::kNoTheory}},
    {"not finite",
     [](RunReadings* r) { r->non_finite = true; },
     {Finding::kExplodes}},
    {"dead, vanishes and is saturated",
     [](RunReadings* r) {
       r->dead[3] = 1;
       r->saturated[3] = 1;
       Slope(1, &r->backward.measured);
     },
     {Finding::kDead, Finding::kVanishes, Finding::kSaturated,
      Finding::kNoTheory}},
};

TEST(VerdictTest, WithoutTheory) {
  for (const Case& c : kCases) {
    RunReadings run = Quiet();
    c.change(&run);
    EXPECT_EQ(FindingsOf({run}), c.expected) << c.name;
    EXPECT_EQ(FindingsOf({run, run, run}), c.expected) << c.name << ", thrice";
  }
}

TEST(VerdictTest, ManySmallFactorsVanishInTheEnd) {
  for (const auto& [slope, dies] : {std::pair(-0.4, true), {-0.2, false}}) {
    RunReadings run = Quiet(0, 23);  // 20 steps
    Slope(slope, &run.forward.measured);
    EXPECT_EQ(FindingsOf({run}).front() == Finding::kVanishes, dies);
  }
}

TEST(VerdictTest, ShallowNetworksHaveNoRate) {
  for (size_t depth : {1, 2, 3}) {
    RunReadings run = Quiet(0, depth);
    Slope(-9, &run.forward.measured);
    EXPECT_THAT(FindingsOf({run}), ElementsAre(Finding::kNoTheory));
  }
  RunReadings run = Quiet(0, 4);
  Slope(-9, &run.forward.measured);
  EXPECT_EQ(FindingsOf({run}).front(), Finding::kVanishes);
}

TEST(VerdictTest, ChangeIsTheMeanOverRuns) {
  RunReadings a = Quiet(), b = Quiet();
  Slope(-1, &a.forward.measured);
  Slope(-2, &b.forward.measured);
  Slope(0.25, &a.backward.measured);
  const std::vector<RunReadings> runs = {a, b};
  const GroupVerdict verdict = JudgeRuns(runs);
  EXPECT_EQ(verdict.forward.decades, -1.5 * 7);
  EXPECT_EQ(verdict.forward.layers, 7u);
  EXPECT_EQ(verdict.backward.decades, -0.125 * 7);
}

// The largest distance that is consistent is that of the header's formula, at
// 19 rows or so many as have a theory.
TEST(VerdictTest, ConsistentUpToTheBound) {
  for (size_t n : {1, 4, 64}) {
    const double bound = Bound(static_cast<double>(n), 2 * kDepth);
    const double noise =
        std::hypot(kStd / std::sqrt(static_cast<double>(n)), kRounding);
    // Half of a thousandth: far above rounding, far below what matters.
    for (const auto& [part, finding] :
         {std::pair(0.9995, Finding::kConsistent),
          std::pair(-0.9995, Finding::kConsistent),
          std::pair(1.0005, Finding::kDrifts),
          std::pair(-1.0005, Finding::kDrifts)}) {
      std::vector<RunReadings> runs;
      for (size_t i = 0; i < n; ++i) {
        runs.push_back(Predicted(i));
        // All the distance in the last run's.
        if (i + 1 == n) {
          runs.back().forward.measured[7] =
              part * bound * noise * static_cast<double>(n);
        }
      }
      const GroupVerdict verdict = JudgeRuns(runs);
      EXPECT_THAT(verdict.findings, ElementsAre(finding)) << n << " " << part;
      EXPECT_EQ(verdict.forward.z.layer, 7u);
      EXPECT_NEAR(verdict.forward.z.value, part * bound, 1e-12 * bound);
      EXPECT_NEAR(verdict.forward.bound, bound, 1e-12 * bound);
      EXPECT_EQ(verdict.forward.rows, kDepth);
      EXPECT_EQ(verdict.backward.rows, kDepth);
    }
  }
}

TEST(VerdictTest, TheoryMayDifferByRun) {
  std::vector<RunReadings> runs;
  for (uint64_t seed = 0; seed < 4; ++seed) {
    runs.push_back(Predicted(seed));
    for (double& value : runs.back().backward.theory) value += 5.0 * seed;
    for (double& value : runs.back().backward.measured) value += 5.0 * seed;
  }
  EXPECT_THAT(FindingsOf(runs), ElementsAre(Finding::kConsistent));
}

TEST(VerdictTest, RunsOfOneSeedCountAsOne) {
  std::vector<RunReadings> runs(64, Predicted(7));
  for (RunReadings& run : runs) run.forward.measured[5] = 3 * kStd;
  GroupVerdict verdict = JudgeRuns(runs);
  EXPECT_THAT(verdict.findings, ElementsAre(Finding::kConsistent));
  // kRounding takes (kRounding/kStd)²·seeds/2 of z: 1.3e-7 and 4e-6.
  EXPECT_NEAR(verdict.forward.z.value, 3, 1e-6);
  for (size_t i = 0; i < runs.size(); ++i) runs[i].seed = i % 32;
  verdict = JudgeRuns(runs);
  EXPECT_EQ(verdict.seeds, 32u);
  EXPECT_THAT(verdict.findings, ElementsAre(Finding::kDrifts));
  EXPECT_NEAR(verdict.forward.z.value, 3 * std::sqrt(32), 1e-4);
}

struct DriftCase {
  std::vector<size_t> outside;
  bool backward;
  size_t drift;
  bool stays;
};

TEST(VerdictTest, DriftsFromTheLayerWhereItLeaves) {
  for (const DriftCase& c :
       std::vector<DriftCase>{{{6, 7, 8, 9, 10}, false, 6, true},
                              {{3, 8, 9, 10}, false, 8, true},
                              {{10}, false, 10, true},
                              {{3, 4, 8}, false, 3, false},
                              {{0, 1, 2, 3}, true, 3, true},
                              {{0, 1, 6}, true, 1, true},
                              {{8, 3}, true, 8, false}}) {
    RunReadings run = Predicted();
    RunCurve& curve = c.backward ? run.backward : run.forward;
    for (size_t l : c.outside) curve.measured[l] = -0.3;
    const std::vector<RunReadings> runs = {run};
    const GroupVerdict verdict = JudgeRuns(runs);
    EXPECT_THAT(verdict.findings, ElementsAre(Finding::kDrifts));
    const DirectionVerdict& direction =
        c.backward ? verdict.backward : verdict.forward;
    const DirectionVerdict& other =
        c.backward ? verdict.forward : verdict.backward;
    EXPECT_EQ(direction.drift, c.drift);
    EXPECT_EQ(direction.stays, c.stays);
    EXPECT_EQ(direction.outside, c.outside.size());
    EXPECT_EQ(direction.ratio, -0.3);
    EXPECT_EQ(other.outside, 0u);
  }
}

TEST(VerdictTest, NanAndInfinityAreOutside) {
  for (double value : {kNan, kInf}) {
    RunReadings run = Predicted();
    run.forward.measured[5] = value;
    const std::vector<RunReadings> runs = {run};
    const GroupVerdict verdict = JudgeRuns(runs);
    EXPECT_EQ(verdict.findings.back(), Finding::kDrifts) << value;
    EXPECT_EQ(verdict.forward.z.layer, 5u) << value;
  }
  RunReadings run = Predicted();
  run.forward.theory[5] = -kInf;
  EXPECT_THAT(FindingsOf({run}), ElementsAre(Finding::kDrifts));
}

// A theory without spread allows float32's rounding.
TEST(VerdictTest, RoundingIsAllowed) {
  for (const auto& [distance, finding] : {std::pair(1e-5, Finding::kConsistent),
                                          std::pair(1e-3, Finding::kDrifts)}) {
    RunReadings run = Predicted();
    run.forward.theory_std.assign(kDepth + 1, 0.0);
    run.forward.measured[2] = distance;
    EXPECT_THAT(FindingsOf({run}), ElementsAre(finding));
  }
}

TEST(VerdictTest, TheoryAndFate) {
  RunReadings run = Predicted();
  Slope(1, &run.backward.measured);
  run.backward.theory = run.backward.measured;
  run.backward.theory[kDepth] = kNan;
  EXPECT_THAT(FindingsOf({run}),
              ElementsAre(Finding::kVanishes, Finding::kConsistent));
}

TEST(VerdictTest, DeadRunsAreCountedAndLeftOut) {
  RunReadings dead = Predicted(1), worse = Predicted(2);
  for (size_t l = 6; l <= kDepth; ++l) dead.forward.measured[l] = -kInf;
  for (size_t l = 4; l <= kDepth; ++l) worse.forward.measured[l] = -kInf;
  std::vector<RunReadings> runs = {Predicted(0), dead, worse};
  GroupVerdict verdict = JudgeRuns(runs);
  EXPECT_EQ(verdict.dead_runs, 2u);
  EXPECT_EQ(verdict.dead_layer, 4u);
  EXPECT_TRUE(verdict.dead_forward);
  EXPECT_THAT(verdict.findings,
              ElementsAre(Finding::kDead, Finding::kConsistent));
  EXPECT_EQ(verdict.forward.z.value, 0);

  RunReadings stopped = Predicted();
  for (size_t l = 0; l <= 3; ++l) stopped.backward.measured[l] = -kInf;
  runs = {stopped, Predicted(1)};
  verdict = JudgeRuns(runs);
  EXPECT_EQ(verdict.dead_layer, 3u);
  EXPECT_FALSE(verdict.dead_forward);
}

// A He-normal ReLU network of one sample with |x|² = fan_in, 20 layers of
// width 64: Z_l's second moment is Q_l = P_l·mean(g²), P_(l+1) =
// P_l·scale·mean(2 relu(g)²), g ~ N(0, 1). To leading order in 1/width its
// logarithm has variance v = (5(l − 1) + 2)/64 and mean −v/2.
RunReadings ReluRun(uint64_t seed, double scale, std::mt19937_64* random) {
  constexpr size_t kLayers = 20, kWidth = 64;
  RunReadings run = Quiet(seed, kLayers);
  std::normal_distribution<double> normal;
  double product = 1;
  for (size_t l = 1; l <= kLayers; ++l) {
    double all = 0, positive = 0;
    for (size_t i = 0; i < kWidth; ++i) {
      const double g = normal(*random);
      all += g * g / kWidth;
      if (g > 0) positive += 2 * g * g / kWidth;
    }
    const double v = (5.0 * static_cast<double>(l - 1) + 2) / kWidth;
    run.forward.measured[l] = std::log10(product * all);
    run.forward.theory[l] = -v / 2 / std::log(10);
    run.forward.theory_std[l] = std::sqrt(v) / std::log(10);
    product *= scale * positive;
  }
  return run;
}

// 2,000 groups of 8 seeds: α = 1e-3 is two false alarms, and more than 8 have
// a chance of 2e-4. Weights that are 15 % too large, a factor 1.32 at each of
// 19 layers and 4 standard deviations of one run in all, are seen every time.
TEST(VerdictTest, TheLawOfReluIsConsistentAndADifferentScaleIsNot) {
  std::mt19937_64 random(1);
  size_t alarms = 0, found = 0;
  for (size_t group = 0; group < 2000; ++group) {
    std::vector<RunReadings> right, wrong;
    for (uint64_t seed = 0; seed < 8; ++seed) {
      right.push_back(ReluRun(seed, 1, &random));
      if (group < 100) wrong.push_back(ReluRun(seed, 1.32, &random));
    }
    alarms += FindingsOf(right).back() == Finding::kDrifts;
    if (group < 100) found += FindingsOf(wrong).back() == Finding::kDrifts;
  }
  EXPECT_LE(alarms, 8u);
  EXPECT_EQ(found, 100u);
}

// As NaN in a row of the theory: the row is not compared.
TEST(VerdictTest, RowsWithoutTheoryAreLeftOut) {
  RunReadings run = Predicted();
  run.forward.measured[5] = 9;
  run.forward.theory_std[5] = kNan;
  run.backward.measured[5] = 9;
  run.backward.theory[5] = kNan;
  const std::vector<RunReadings> runs = {run};
  const GroupVerdict verdict = JudgeRuns(runs);
  EXPECT_THAT(verdict.findings, ElementsAre(Finding::kConsistent));
  EXPECT_EQ(verdict.forward.rows, kDepth - 1);
  EXPECT_EQ(verdict.backward.rows, kDepth - 1);
}

}  // namespace
}  // namespace initscope
