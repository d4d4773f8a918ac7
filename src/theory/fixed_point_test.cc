// Fixed points of the second moment: published ones, their equation by
// quadrature, and what iterating the map does.

#include "theory/fixed_point.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "base/matchers_test.h"
#include "theory/fixed_points_test.h"
#include "theory/gaussian_rule.h"

namespace initscope {
namespace {

using Kind = FixedPoints::Kind;

struct FixedReference {
  std::string_view activation;
  LayerVariances variances;
  double q, chi_1, chi_q;
};

// mpmath with 30 digits: trapezoidal rule with steps of at most 0.08 standard
// deviations to 13 of them, a root finder for q, and χ_q = σ_w² E z f f'/q.
constexpr FixedReference kFixedReferences[] = {
    // Poole et al. 2016, figure 1: gain 1.3, 2.5 and 4 at bias_std 0.3.
    {"tanh",
     {1.69, 0.09},
     0.60704679190932322904,
     0.93980742868215381932,
     0.47351586986510791603},
    {"tanh",
     {6.25, 0.09},
     4.079123875282245992,
     1.5852247650060330499,
     0.23392204558259113361},
    {"tanh",
     {16, 0.09},
     12.604149497844293736,
     2.3672610355458824974,
     0.13008210232623496462},
    // The gain 5/3 that torch recommends for tanh.
    {"tanh",
     {25.0 / 9, 0},
     1.1784804903859077174,
     1.2098313203828285951,
     0.43089938636474566442},
    // Xavier with square layers.
    {"sigmoid",
     {1, 0},
     0.26468687518189248425,
     0.055720706769701793809,
     0.049505557900051623555},
};

TEST(FixedPoints, AreTheReferences) {
  for (const FixedReference& r : kFixedReferences) {
    const ActivationMeans means(FindActivation(r.activation));
    const FixedPoints found = FindFixedPoints(means, r.variances);
    ASSERT_EQ(found.kind, Kind::kOne) << found.Text();
    const Attractor& at = found.attractors[0];
    EXPECT_THAT(at.q, IsNear(r.q, 1e-11 * r.q));
    EXPECT_THAT(at.log_q, IsNear(std::log(r.q), 1e-11));
    EXPECT_THAT(at.chi_1, IsNear(r.chi_1, 1e-11 * r.chi_1));
    EXPECT_THAT(at.chi_q, IsNear(r.chi_q, 1e-10 * r.chi_q));
    EXPECT_EQ(at.phase, r.chi_1 > 1 ? Phase::kChaotic : Phase::kOrdered);
    EXPECT_THAT(at.QDepth(), IsNear(-1 / std::log(r.chi_q), 1e-9));
  }
}

// Klambauer et al. 2017: their λ and α make mean 0 and variance 1 stay.
TEST(FixedPoints, SeluKeepsMeanZeroAndVarianceOne) {
  const ActivationMeans means(FindActivation("selu"));
  const FixedPoints found = FindFixedPoints(means, {1, 0});
  ASSERT_EQ(found.kind, Kind::kOne);
  EXPECT_THAT(found.attractors[0].q, IsNear(1, 1e-11));
  const MeansAt at = means.At(found.attractors[0].log_q);
  EXPECT_THAT(at[Mean::kFirst], IsNear(0, 1e-11));
  EXPECT_THAT(at[Mean::kLogSquare], IsNear(0, 1e-11));
}

// Homogeneous f: q' = m q + σ_b² with m = σ_w² E f'².
TEST(FixedPoints, AreTheGeometricSumForTheKinOfRelu) {
  for (const Activation& f : Activations()) {
    if (!f.homogeneous) continue;
    const ActivationMeans means(f);
    const double up = f.slope(1), down = f.slope(-1);
    const double square = (up * up + down * down) / 2;
    for (double m : {0.0, 1e-6, 0.5, 0.999}) {
      for (double bias : {1e-300, 1e-12, 0.05, 100.0, 1e300}) {
        const FixedPoints found = FindFixedPoints(means, {m / square, bias});
        ASSERT_EQ(found.kind, Kind::kOne) << found.Text();
        const double q = bias / (1 - m);
        // log q near 700 is known to 1e-13, and 1 − m to 1e-13 of it.
        EXPECT_THAT(found.attractors[0].q, IsNear(q, 1e-11 * q / (1 - m)));
        EXPECT_THAT(found.attractors[0].chi_q, IsNear(m, 1e-11));
      }
    }
    EXPECT_EQ(FindFixedPoints(means, {1 / square, 0}).kind, Kind::kEvery);
    for (double bias : {1e-6, 0.05, 100.0}) {
      EXPECT_EQ(FindFixedPoints(means, {1 / square, bias}).kind,
                Kind::kInfinity);
    }
  }
}

struct Case {
  std::string_view activation;
  LayerVariances variances;
  Kind kind;
  Phase phase;  // of the first attractor
  std::string_view text;
};

TEST(FixedPoints, SayWhyThereIsNone) {
  const double growth = 1.05 * 1.05;  // He with gain 1.05
  const Case cases[] = {
      {"relu", {2, 0}, Kind::kEvery, Phase::kCritical, "q stays what it is"},
      {"relu",
       {2 * growth, 0},
       Kind::kInfinity,
       Phase::kChaotic,
       "q grows without end, by a factor 1.1025 per layer"},
      {"relu",
       {1, 0},
       Kind::kZero,
       Phase::kOrdered,
       "q falls to 0, by a factor 0.5 per layer"},
      {"relu",
       {2, 0.1},
       Kind::kInfinity,
       Phase::kCritical,
       "q grows without end, as a power of depth"},
      {"tanh",
       {0.25, 0},
       Kind::kZero,
       Phase::kOrdered,
       "q falls to 0, by a factor 0.25 per layer"},
      {"tanh",
       {1, 0},
       Kind::kZero,
       Phase::kCritical,
       "q falls to 0, as a power of depth"},
      {"tanh",
       {0, 0},
       Kind::kZero,
       Phase::kOrdered,
       "q falls to 0, by a factor 0 per layer"},
      {"tanh", {0, 0.25}, Kind::kOne, Phase::kOrdered, "q settles at 0.25"},
      {"linear", {1, 0}, Kind::kEvery, Phase::kCritical, "q stays what it is"},
      {"softplus",
       {2, 0},
       Kind::kInfinity,
       Phase::kCritical,
       "q grows without end, as a power of depth"},
      {"gelu",
       {3, 0},
       Kind::kSeveral,
       Phase::kOrdered,
       "q goes to 0 or inf, by where it begins"},
      {"silu",
       {2, 0.09},
       Kind::kSeveral,
       Phase::kOrdered,
       "q goes to 0.207683 or inf, by where it begins"},
  };
  for (const Case& c : cases) {
    const ActivationMeans means(FindActivation(c.activation));
    const FixedPoints found = FindFixedPoints(means, c.variances);
    EXPECT_EQ(found.Text(), c.text);
    EXPECT_EQ(found.kind, c.kind) << c.text;
    EXPECT_EQ(found.attractors[0].phase, c.phase) << c.text;
  }
}

// By quadrature and without the tables: q', χ_1 and χ_q = σ_w² E z f f'/q'.
void ExpectFixedPoint(const Activation& f, const LayerVariances& variances,
                      const Attractor& at) {
  const double q = at.q, weight = variances.weight;
  double square = 0, slope = 0, mixed = 0;
  const GaussianRule rule = MakeGaussianRule(f.kinks, q);
  for (size_t i = 0; i < rule.z.size(); ++i) {
    const double z = rule.z[i], a = f.value(z), s = f.slope(z);
    square += rule.weight[i] * a * a;
    slope += rule.weight[i] * s * s;
    mixed += rule.weight[i] * z * a * s;
  }
  const std::string where = std::string(f.name) + " at " +
                            std::to_string(weight) + ", " +
                            std::to_string(variances.bias);
  // The header's error of q, times the 1 − χ_q that a residual shows of it.
  EXPECT_THAT(weight * square + variances.bias, IsNear(q, 1e-11 * q)) << where;
  EXPECT_THAT(at.chi_1, IsNear(weight * slope, 1e-11 * at.chi_1)) << where;
  EXPECT_THAT(at.chi_q, IsNear(weight * mixed / q, 1e-10)) << where;
  EXPECT_LT(at.chi_q, 1) << where;
}

// The attractor that a first step leads to; they ascend.
const Attractor* Target(const FixedPoints& found, double log_q, double next) {
  const Attractor* target = nullptr;
  for (const Attractor& at : found.attractors) {
    if (next < log_q && at.log_q < log_q) target = &at;
    if (next > log_q && at.log_q > log_q && target == nullptr) target = &at;
  }
  return target;
}

// q goes to its attractor and never beyond; where χ_q is not near 1, it
// arrives.
void ExpectThatItGoesThere(const ActivationMeans& means,
                           const LayerVariances& variances,
                           const FixedPoints& found, double log_q) {
  const std::string where = std::string(means.activation().name) + " at " +
                            std::to_string(variances.weight) + ", " +
                            std::to_string(variances.bias) + " from " +
                            std::to_string(log_q) + ": " + found.Text();
  const double first = NextLogQ(means, variances, log_q);
  if (found.kind == Kind::kEvery || std::abs(first - log_q) < 1e-11) return;
  const Attractor* target = Target(found, log_q, first);
  ASSERT_NE(target, nullptr) << where;
  const double direction = first > log_q ? 1 : -1;
  for (int layer = 0; layer < 1000; ++layer) {
    const double next = NextLogQ(means, variances, log_q);
    ASSERT_GE((next - log_q) * direction, -1e-11) << where;
    log_q = next;
    if (std::isinf(log_q)) return;     // σ_w² = σ_b² = 0: it is there
    if (std::abs(log_q) > 600) break;  // 0 or ∞ for a double
  }
  ASSERT_GE((target->log_q - log_q) * direction, -1e-10) << where;
  const bool is_finite = std::isfinite(target->log_q);
  if (is_finite && target->chi_q < 0.9) {
    EXPECT_THAT(log_q, IsNear(target->log_q, 1e-10)) << where;
  } else if (!is_finite && std::abs(std::log(target->chi_q)) > 0.1) {
    EXPECT_GT(log_q * direction, 90) << where;
  }
}

TEST(FixedPoints, SolveTheirEquationAndAttract) {
  for (const Activation& f : Activations()) {
    const ActivationMeans means(f);
    for (double weight : kWeightVariances) {
      for (double bias : kBiasVariances) {
        const LayerVariances variances = {weight, bias};
        const FixedPoints found = FindFixedPoints(means, variances);
        ASSERT_FALSE(found.attractors.empty());
        for (const Attractor& at : found.attractors) {
          EXPECT_FALSE(std::isnan(at.chi_1) || std::isnan(at.chi_q));
          if (at.q > 0 && std::isfinite(at.q) && found.kind != Kind::kEvery) {
            ExpectFixedPoint(f, variances, at);
          }
        }
        for (double start : {-40.0, -5.0, 0.0, 3.0, 40.0}) {
          ExpectThatItGoesThere(means, variances, found, start);
        }
      }
    }
  }
}

// What lets q never turn back.
TEST(FixedPoints, ESquareGrowsWithQForEveryActivation) {
  for (const Activation& f : Activations()) {
    const ActivationMeans means(f);
    for (double log_q = -70; log_q < 70; log_q += 0.1) {
      EXPECT_GT(means.At(log_q).First(Mean::kLogSquare), -1e-10)
          << f.name << " at log q = " << log_q;
    }
  }
}

}  // namespace
}  // namespace initscope
