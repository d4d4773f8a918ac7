#include "report/theory_comparison.h"

#include <gmock/gmock.h>

#include <cmath>
#include <random>
#include <set>
#include <string>

#include "random/normal_quantile.h"
#include "report/readings_test.h"
#include "theory/theory_row.h"

namespace initscope {
namespace {

using ::testing::ElementsAre;

// What |z| may be, from the header's formula.
double Bound(double n, size_t rows) {
  const double noise = std::hypot(kTestStd / std::sqrt(n), kRounding);
  return NormalQuantile(1 - kFalseAlarms / 2 / static_cast<double>(rows)) +
         kTestStd * std::pow(kTestStd * std::log(10), 2) / 2 / noise;
}

std::vector<Finding> FindingsOf(const std::vector<RunReadings>& runs) {
  return JudgeRuns(runs).findings;
}

// The largest distance that is consistent is that of the header's formula, at
// 19 rows or so many as have a theory.
TEST(TheoryComparisonTest, ConsistentUpToTheBound) {
  for (size_t n : {1, 4, 64}) {
    const double bound = Bound(static_cast<double>(n), 2 * kTestDepth);
    const double noise =
        std::hypot(kTestStd / std::sqrt(static_cast<double>(n)), kRounding);
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
          runs.back().curves[kZ].measured[7] =
              part * bound * noise * static_cast<double>(n);
        }
      }
      const GroupVerdict verdict = JudgeRuns(runs);
      EXPECT_THAT(verdict.findings, ElementsAre(finding)) << n << " " << part;
      EXPECT_EQ(verdict.theory[kZ].z.layer, 7u);
      EXPECT_NEAR(verdict.theory[kZ].z.value, part * bound, 1e-12 * bound);
      EXPECT_NEAR(verdict.theory[kZ].bound, bound, 1e-12 * bound);
      EXPECT_EQ(verdict.theory[kZ].rows, kTestDepth);
      EXPECT_EQ(verdict.theory[kDelta].rows, kTestDepth);
    }
  }
}

TEST(TheoryComparisonTest, TheoryMayDifferByRun) {
  std::vector<RunReadings> runs;
  for (uint64_t seed = 0; seed < 4; ++seed) {
    runs.push_back(Predicted(seed));
    for (double& value : runs.back().curves[kDelta].theory) value += 5.0 * seed;
    for (double& value : runs.back().curves[kDelta].measured)
      value += 5.0 * seed;
  }
  EXPECT_THAT(FindingsOf(runs), ElementsAre(Finding::kConsistent));
}

TEST(TheoryComparisonTest, RunsOfOneSeedCountAsOne) {
  std::vector<RunReadings> runs(64, Predicted(7));
  for (RunReadings& run : runs) run.curves[kZ].measured[5] = 3 * kTestStd;
  GroupVerdict verdict = JudgeRuns(runs);
  EXPECT_THAT(verdict.findings, ElementsAre(Finding::kConsistent));
  // kRounding takes (kRounding/kTestStd)²·seeds/2 of z: 1.3e-7 and 4e-6.
  EXPECT_NEAR(verdict.theory[kZ].z.value, 3, 1e-6);
  for (size_t i = 0; i < runs.size(); ++i) runs[i].seed = i % 32;
  verdict = JudgeRuns(runs);
  EXPECT_EQ(verdict.seeds, 32u);
  EXPECT_THAT(verdict.findings, ElementsAre(Finding::kDrifts));
  EXPECT_NEAR(verdict.theory[kZ].z.value, 3 * std::sqrt(32), 1e-4);
}

struct DriftCase {
  std::vector<size_t> outside;
  bool backward;
  size_t drift;
  bool stays;
};

TEST(TheoryComparisonTest, DriftsFromTheLayerWhereItLeaves) {
  for (const DriftCase& c :
       std::vector<DriftCase>{{{6, 7, 8, 9, 10}, false, 6, true},
                              {{3, 8, 9, 10}, false, 8, true},
                              {{10}, false, 10, true},
                              {{3, 4, 8}, false, 3, false},
                              {{0, 1, 2, 3}, true, 3, true},
                              {{0, 1, 6}, true, 1, true},
                              {{8, 3}, true, 8, false}}) {
    RunReadings run = Predicted();
    RunCurve& curve = run.curves[c.backward ? kDelta : kZ];
    for (size_t l : c.outside) curve.measured[l] = -0.3;
    const std::vector<RunReadings> runs = {run};
    const GroupVerdict verdict = JudgeRuns(runs);
    EXPECT_THAT(verdict.findings, ElementsAre(Finding::kDrifts));
    const Comparison& direction = verdict.theory[c.backward ? kDelta : kZ];
    const Comparison& other = verdict.theory[c.backward ? kZ : kDelta];
    EXPECT_EQ(direction.drift, c.drift);
    EXPECT_EQ(direction.stays, c.stays);
    EXPECT_EQ(direction.outside, c.outside.size());
    EXPECT_EQ(direction.distance, -0.3);
    EXPECT_EQ(other.outside, 0u);
  }
}

// However large, the spread excuses half of itself. Were it (5 ln 10)²/2 = 66
// times that, 8 decades were nothing.
TEST(TheoryComparisonTest, ALargeSpreadExcusesNothing) {
  std::vector<RunReadings> runs;
  for (uint64_t seed = 0; seed < 16; ++seed) {
    runs.push_back(Predicted(seed));
    runs.back().curves[kZ].theory_std[5] = 5;
    runs.back().curves[kZ].measured[5] = 8;
  }
  EXPECT_THAT(FindingsOf(runs), ElementsAre(Finding::kDrifts));
  for (RunReadings& run : runs) run.curves[kZ].measured[5] = 5;
  EXPECT_THAT(FindingsOf(runs), ElementsAre(Finding::kConsistent));
}

TEST(TheoryComparisonTest, NanAndInfinityAreOutside) {
  for (double value : {kNan, kInf}) {
    RunReadings run = Predicted();
    run.curves[kZ].measured[5] = value;
    const std::vector<RunReadings> runs = {run};
    const GroupVerdict verdict = JudgeRuns(runs);
    EXPECT_EQ(verdict.findings.back(), Finding::kDrifts) << value;
    EXPECT_EQ(verdict.theory[kZ].z.layer, 5u) << value;
  }
  RunReadings run = Predicted();
  run.curves[kZ].theory[5] = -kInf;
  EXPECT_THAT(FindingsOf({run}), ElementsAre(Finding::kDrifts));
}

// Of a theory with hardly a spread float32's rounding is allowed. Without one
// it is what was measured.
TEST(TheoryComparisonTest, RoundingIsAllowed) {
  for (const auto& [distance, finding] : {std::pair(1e-5, Finding::kConsistent),
                                          std::pair(1e-3, Finding::kDrifts)}) {
    RunReadings run = Predicted();
    run.curves[kZ].theory_std.assign(kTestDepth + 1, 1e-9);
    run.curves[kZ].measured[2] = distance;
    EXPECT_THAT(FindingsOf({run}), ElementsAre(finding));
    run.curves[kZ].theory_std[2] = 0;
    EXPECT_THAT(FindingsOf({run}), ElementsAre(Finding::kConsistent));
  }
}

// Every quantity is compared, and told from the others.
TEST(TheoryComparisonTest, EveryQuantityIsCompared) {
  for (size_t q = 0; q < kComparedCount; ++q) {
    RunReadings run = Quiet();
    run.curves[q].theory.assign(kTestDepth + 1, 0);
    run.curves[q].theory_std.assign(kTestDepth + 1, kTestStd);
    run.curves[q].measured.assign(kTestDepth + 1, 0);
    EXPECT_THAT(FindingsOf({run}), ElementsAre(Finding::kConsistent));
    run.curves[q].measured[5] = 0.3;
    EXPECT_EQ(FindingsOf({run}).back(), Finding::kDrifts);
    const std::vector<RunReadings> runs = {run};
    const GroupVerdict verdict = JudgeRuns(runs);
    for (size_t other = 0; other < kComparedCount; ++other) {
      EXPECT_EQ(verdict.theory[other].outside, q == other ? 1u : 0u);
    }
    EXPECT_EQ(verdict.theory[q].drift, 5u);
  }
}

// … that results files have a theory with a spread of.
TEST(TheoryComparisonTest, EveryColumnWithASpreadIsCompared) {
  std::set<std::string> compared;
  for (const ComparedQuantity& quantity : kComparedQuantities) {
    compared.insert("theory_" + std::string(quantity.column) + "_std");
  }
  for (const TheoryColumn& column : TheoryColumns()) {
    // A plain column's logarithm is a column, too.
    std::string name = column.name;
    if (!name.ends_with("_std")) continue;
    std::string log10 = name;
    log10.insert(std::string("theory_").size(), "log10_");
    EXPECT_TRUE(compared.contains(name) || compared.contains(log10)) << name;
  }
}

// A mean has the theory of infinite width: it may be off by half of the
// relative variance of X's second moment, of itself and of its spread.
TEST(TheoryComparisonTest, TheBoundOfAMean) {
  constexpr double kMean = 3;
  RunReadings run = Quiet();
  run.curves[kActivationMean].theory.assign(kTestDepth + 1, kMean);
  run.curves[kActivationMean].theory_std.assign(kTestDepth + 1, kTestStd);
  run.curves[kActivationSecondMoment].theory_std.assign(kTestDepth + 1, 0.1);
  const double noise = std::hypot(kTestStd, kRounding * std::log(10) * kMean);
  const double bound =
      NormalQuantile(1 - kFalseAlarms / 2 / (kTestDepth + 1)) +
      (kMean + kTestStd) * std::pow(0.1 * std::log(10), 2) / 2 / noise;
  for (double part : {0.999, -0.999, 1.001, -1.001}) {
    run.curves[kActivationMean].measured.assign(kTestDepth + 1,
                                                kMean + part * bound * noise);
    EXPECT_EQ(FindingsOf({run}).back(),
              std::abs(part) < 1 ? Finding::kConsistent : Finding::kDrifts)
        << part;
  }
  // Means beyond double's range are not compared; second moments are.
  run.curves[kActivationMean].theory.assign(kTestDepth + 1, kInf);
  EXPECT_EQ(FindingsOf({run}).back(), Finding::kNoBand);
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
    run.curves[kZ].measured[l] = std::log10(product * all);
    run.curves[kZ].theory[l] = -v / 2 / std::log(10);
    run.curves[kZ].theory_std[l] = std::sqrt(v) / std::log(10);
    product *= scale * positive;
  }
  return run;
}

// 2,000 groups of 8 seeds: α = 1e-3 is two false alarms, and more than 8 have
// a chance of 2e-4. Weights that are 15 % too large, a factor 1.32 at each of
// 19 layers and 4 standard deviations of one run in all, are seen every time.
TEST(TheoryComparisonTest, TheLawOfReluIsConsistentAndADifferentScaleIsNot) {
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
TEST(TheoryComparisonTest, RowsWithoutTheoryAreLeftOut) {
  RunReadings run = Predicted();
  run.curves[kZ].measured[5] = 9;
  run.curves[kZ].theory_std[5] = kNan;
  run.curves[kDelta].measured[5] = 9;
  run.curves[kDelta].theory[5] = kNan;
  const std::vector<RunReadings> runs = {run};
  const GroupVerdict verdict = JudgeRuns(runs);
  EXPECT_THAT(verdict.findings, ElementsAre(Finding::kConsistent));
  EXPECT_EQ(verdict.theory[kZ].rows, kTestDepth - 1);
  EXPECT_EQ(verdict.theory[kDelta].rows, kTestDepth - 1);
}

}  // namespace
}  // namespace initscope
