#include "report/verdict.h"

#include <gmock/gmock.h>

#include <cmath>
#include <functional>
#include <numbers>

#include "report/readings_test.h"

namespace initscope {
namespace {

using ::testing::ElementsAre;

// log10 = slope·l.
void Slope(double slope, std::vector<double>* measured) {
  for (size_t l = 1; l < measured->size(); ++l) {
    (*measured)[l] = slope * static_cast<double>(l);
  }
}

std::vector<Finding> FoundIn(const std::vector<RunReadings>& runs) {
  return JudgeRuns(runs).findings;
}

const double kNormal =
    std::sqrt(2 / std::numbers::pi);  // E|δ| of normal δ with E δ² = 1

struct Case {
  const char* name;
  std::function<void(RunReadings*)> change;
  std::vector<Finding> expected;
};

// L = 10: layers 2 … 9 are seven steps, which make a factor of 30 at 0.211
// decades each.
const Case kCases[] = {
    {"quiet", [](RunReadings*) {}, {Finding::kNoTheory}},
    {"falls slowly",
     [](RunReadings* r) { Slope(-0.21, &r->curves[kZ].measured); },
     {Finding::kNoTheory}},
    {"falls fast",
     [](RunReadings* r) { Slope(-0.212, &r->curves[kZ].measured); },
     {Finding::kVanishes, Finding::kNoTheory}},
    {"grows fast",
     [](RunReadings* r) { Slope(0.212, &r->curves[kZ].measured); },
     {Finding::kExplodes, Finding::kNoTheory}},
    {"delta falls towards the input",
     [](RunReadings* r) { Slope(0.212, &r->curves[kDelta].measured); },
     {Finding::kVanishes, Finding::kNoTheory}},
    {"delta grows towards the input",
     [](RunReadings* r) { Slope(-0.212, &r->curves[kDelta].measured); },
     {Finding::kExplodes, Finding::kNoTheory}},
    {"grows forward, falls backward",
     [](RunReadings* r) {
       Slope(1, &r->curves[kZ].measured);
       Slope(1, &r->curves[kDelta].measured);
     },
     {Finding::kVanishes, Finding::kExplodes, Finding::kNoTheory}},
    {"the input alone is large",
     [](RunReadings* r) { r->curves[kZ].measured[1] = 8; },
     {Finding::kNoTheory}},
    {"the output's layer alone is small",
     [](RunReadings* r) { r->curves[kZ].measured[kTestDepth] = -8; },
     {Finding::kNoTheory}},
    {"zero forward",
     [](RunReadings* r) {
       r->curves[kZ].measured[4] = -kInf;
       r->saturated[4] = 1;
     },
     {Finding::kDead}},
    {"zero backward",
     [](RunReadings* r) { r->curves[kDelta].measured[0] = -kInf; },
     {Finding::kDead}},
    {"a loss without gradient is not the network's death",
     [](RunReadings* r) { r->curves[kDelta].measured[kTestDepth] = -kInf; },
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
     [](RunReadings* r) { r->saturated.assign(kTestDepth + 1, 0.55); },
     {Finding::kNoTheory}},
    {"not finite",
     [](RunReadings* r) { r->non_finite = true; },
     {Finding::kNotFinite}},
    {"units the same",
     [](RunReadings* r) {
       r->log10_unit_variance[4] = -kInf;
       r->log10_one_minus_cosine.assign(kTestDepth + 1, -kInf);
     },
     {Finding::kIdenticalUnits, Finding::kNoTheory}},
    {"units the same but for rounding, (4 n u)² = 3.6e-12 of the whole",
     [](RunReadings* r) { r->log10_unit_variance[4] = -11.5; },
     {Finding::kIdenticalUnits, Finding::kNoTheory}},
    {"units nearly the same",
     [](RunReadings* r) { r->log10_unit_variance[4] = -11.4; },
     {Finding::kNoTheory}},
    {"one unit",
     [](RunReadings* r) {
       r->width[4] = 1;
       r->log10_unit_variance[4] = -kInf;
     },
     {Finding::kNoTheory}},
    {"samples the same",
     [](RunReadings* r) {
       r->log10_one_minus_cosine[8] = r->log10_one_minus_cosine[9] = -4.1;
     },
     {Finding::kCollapsedSamples, Finding::kNoTheory}},
    {"samples nearly the same",
     [](RunReadings* r) {
       r->log10_one_minus_cosine[8] = -9;
       r->log10_one_minus_cosine[9] = -3.9;
     },
     {Finding::kNoTheory}},
    {"one sample",
     [](RunReadings* r) {
       r->log10_one_minus_cosine.assign(kTestDepth + 1, kNan);
     },
     {Finding::kNoTheory}},
    {"delta in one of a hundred entries",
     [](RunReadings* r) { r->delta_abs_mean[3] = 0.1 * kNormal; },
     {Finding::kSparseGradient, Finding::kNoTheory}},
    {"delta in three of a hundred entries",
     [](RunReadings* r) { r->delta_abs_mean[3] = std::sqrt(0.03) * kNormal; },
     {Finding::kNoTheory}},
    {"delta in few entries of saturated units",
     [](RunReadings* r) {
       r->delta_abs_mean[3] = 0.1 * kNormal;
       r->saturated[3] = 0.99;
     },
     {Finding::kSaturated, Finding::kNoTheory}},
    {"dead, vanishes and is saturated",
     [](RunReadings* r) {
       r->dead[3] = 1;
       r->saturated[3] = 1;
       Slope(1, &r->curves[kDelta].measured);
     },
     {Finding::kDead, Finding::kVanishes, Finding::kSaturated,
      Finding::kNoTheory}},
};

TEST(VerdictTest, WithoutTheory) {
  for (const Case& c : kCases) {
    RunReadings run = Quiet();
    c.change(&run);
    EXPECT_EQ(FoundIn({run}), c.expected) << c.name;
    EXPECT_EQ(FoundIn({run, run, run}), c.expected) << c.name << ", thrice";
  }
}

TEST(VerdictTest, TheFactorIsItsDecades) {
  EXPECT_DOUBLE_EQ(kTrendDecades, std::log10(kTrendFactor));
}

TEST(VerdictTest, ManySmallFactorsVanishInTheEnd) {
  for (const auto& [slope, dies] : {std::pair(-0.075, true), {-0.073, false}}) {
    RunReadings run = Quiet(0, 23);  // 20 steps
    Slope(slope, &run.curves[kZ].measured);
    EXPECT_EQ(FoundIn({run}).front() == Finding::kVanishes, dies);
  }
}

TEST(VerdictTest, ShallowNetworksHaveNoRate) {
  for (size_t depth : {1, 2, 3}) {
    RunReadings run = Quiet(0, depth);
    Slope(-9, &run.curves[kZ].measured);
    EXPECT_THAT(FoundIn({run}), ElementsAre(Finding::kNoTheory));
  }
  RunReadings run = Quiet(0, 4);
  Slope(-9, &run.curves[kZ].measured);
  EXPECT_EQ(FoundIn({run}).front(), Finding::kVanishes);
}

TEST(VerdictTest, ChangeIsTheMeanOverRuns) {
  RunReadings a = Quiet(), b = Quiet();
  Slope(-1, &a.curves[kZ].measured);
  Slope(-2, &b.curves[kZ].measured);
  Slope(0.25, &a.curves[kDelta].measured);
  const std::vector<RunReadings> runs = {a, b};
  const GroupVerdict verdict = JudgeRuns(runs);
  EXPECT_EQ(verdict.forward.decades, -1.5 * 7);
  EXPECT_EQ(verdict.forward.layers, 7u);
  EXPECT_EQ(verdict.backward.decades, -0.125 * 7);
}

// What is left where n summands cancel is n u of their root mean square: of
// eight in float32, below (4·8·2⁻²⁴)² = 10^-11.44 of their second moment.
TEST(VerdictTest, RoundingCountsAsZero) {
  for (const auto& [decades, unit_roundoff, dies] :
       {std::tuple(-11.5, 0x1p-24, true),
        {-11.4, 0x1p-24, false},
        {-28.9, 0x1p-53, true},
        {-28.8, 0x1p-53, false}}) {
    RunReadings back = Quiet();
    back.unit_roundoff = unit_roundoff;
    for (size_t l = 0; l <= 6; ++l) back.curves[kDelta].measured[l] = decades;
    const std::vector<RunReadings> runs = {back, Quiet(1)};
    const GroupVerdict verdict = JudgeRuns(runs);
    EXPECT_EQ(verdict.dead_runs, dies ? 1u : 0u) << decades;
    EXPECT_EQ(verdict.dead_by_rounding, dies);
    EXPECT_EQ(verdict.findings.front() == Finding::kDead, dies);
    EXPECT_EQ(verdict.dead_layer, dies ? 6u : 0u);

    RunReadings forth = Quiet();
    forth.unit_roundoff = unit_roundoff;
    forth.curves[kActivationSecondMoment].measured.assign(kTestDepth + 1, 0);
    for (size_t l = 3; l <= kTestDepth; ++l) {
      forth.curves[kZ].measured[l] = decades;
      forth.curves[kActivationSecondMoment].measured[l] = decades;
    }
    const std::vector<RunReadings> alone = {forth};
    const GroupVerdict of_one = JudgeRuns(alone);
    EXPECT_EQ(of_one.dead_forward && of_one.dead_by_rounding, dies);
    EXPECT_EQ(of_one.dead_layer, dies ? 3u : 0u);
  }
}

// Small slopes or weights make delta small, and are no rounding.
TEST(VerdictTest, SmallFactorsAreNoRounding) {
  RunReadings run = Quiet();
  run.curves[kSlopeSecondMoment].measured[5] = -20;
  for (size_t l = 0; l <= 5; ++l) run.curves[kDelta].measured[l] = -20;
  run.log10_weight[3] -= 15;
  for (size_t l = 3; l <= kTestDepth; ++l) run.curves[kZ].measured[l] = -15;
  for (size_t l = 0; l <= 2; ++l) run.curves[kDelta].measured[l] = -35;
  const std::vector<RunReadings> runs = {run};
  EXPECT_EQ(JudgeRuns(runs).dead_runs, 0u);
  EXPECT_EQ(JudgeRuns(runs).findings.front(), Finding::kVanishes);
}

TEST(VerdictTest, PlacesAreTheFirst) {
  RunReadings run = Quiet();
  run.log10_unit_variance[4] = run.log10_unit_variance[6] = -kInf;
  std::vector<RunReadings> runs = {run, Quiet(1)};
  GroupVerdict verdict = JudgeRuns(runs);
  EXPECT_EQ(verdict.identical_layer, 4u);
  EXPECT_EQ(verdict.identical_runs, 1u);
  run = Quiet();
  for (size_t l : {3, 7, 8, 9}) run.log10_one_minus_cosine[l] = -5;
  runs = {run};
  verdict = JudgeRuns(runs);
  EXPECT_EQ(verdict.collapsed.layer, 7u);
  EXPECT_EQ(verdict.collapsed.value, -5);
}

TEST(VerdictTest, TheoryWithoutABand) {
  RunReadings run = Predicted();
  for (RunCurve& curve : run.curves) {
    curve.theory_std.assign(kTestDepth + 1, kNan);
  }
  EXPECT_THAT(FoundIn({run}), ElementsAre(Finding::kNoBand));
}

TEST(VerdictTest, TheoryAndFate) {
  RunReadings run = Predicted();
  Slope(1, &run.curves[kDelta].measured);
  run.curves[kDelta].theory = run.curves[kDelta].measured;
  run.curves[kDelta].theory[kTestDepth] = kNan;
  EXPECT_THAT(FoundIn({run}),
              ElementsAre(Finding::kVanishes, Finding::kConsistent));
}

TEST(VerdictTest, DeadRunsAreCountedAndLeftOut) {
  RunReadings dead = Predicted(1), worse = Predicted(2);
  for (size_t l = 6; l <= kTestDepth; ++l) dead.curves[kZ].measured[l] = -kInf;
  for (size_t l = 4; l <= kTestDepth; ++l) worse.curves[kZ].measured[l] = -kInf;
  std::vector<RunReadings> runs = {Predicted(0), dead, worse};
  GroupVerdict verdict = JudgeRuns(runs);
  EXPECT_EQ(verdict.dead_runs, 2u);
  EXPECT_EQ(verdict.dead_layer, 4u);
  EXPECT_TRUE(verdict.dead_forward);
  EXPECT_THAT(verdict.findings,
              ElementsAre(Finding::kDead, Finding::kConsistent));
  EXPECT_EQ(verdict.theory[kZ].z.value, 0);

  RunReadings stopped = Predicted();
  for (size_t l = 0; l <= 3; ++l) stopped.curves[kDelta].measured[l] = -kInf;
  runs = {stopped, Predicted(1)};
  verdict = JudgeRuns(runs);
  EXPECT_EQ(verdict.dead_layer, 3u);
  EXPECT_FALSE(verdict.dead_forward);
}

}  // namespace
}  // namespace initscope
