// The rule against integrals that are known in closed form.

#include "theory/gaussian_rule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numbers>

#include "base/matchers_test.h"

namespace initscope {
namespace {

using std::numbers::pi;
// Of the integral of |g|. Rounding: weights and nodes are right to some eps,
// and 600 terms of one sign lose less than that in their sum.
constexpr double kRuleTolerance = 1e-13;

double Sum(const GaussianRule& rule, const std::function<double(double)>& g) {
  double sum = 0;
  for (size_t i = 0; i < rule.z.size(); ++i)
    sum += rule.weight[i] * g(rule.z[i]);
  return sum;
}

double NormalCdf(double x) { return std::erfc(-x * std::sqrt(0.5)) / 2; }
double NormalDensity(double x) {
  return std::exp(-x * x / 2) / std::sqrt(2 * pi);
}

class GaussianRuleTest : public testing::TestWithParam<double> {
 protected:
  void Expect(const GaussianRule& rule, const std::function<double(double)>& g,
              double expected, double size) const {
    EXPECT_THAT(Sum(rule, g), IsNear(expected, kRuleTolerance * size));
  }
};

INSTANTIATE_TEST_SUITE_P(Scales, GaussianRuleTest,
                         testing::Values(1e-16, 1e-8, 0.01, 0.3, 1, 7, 100, 1e4,
                                         1e8, 1e16));

TEST_P(GaussianRuleTest, IntegratesPowers) {
  const double q = GetParam();
  const GaussianRule rule = MakeGaussianRule({}, q);
  double moment = 1;
  for (int k = 0; k <= 8; k += 2) {
    Expect(
        rule, [&](double z) { return std::pow(z, k); }, moment, moment);
    Expect(
        rule, [&](double z) { return std::pow(z, k + 1); }, 0,
        moment * std::sqrt(q) * (k + 1));
    moment *= (k + 1) * q;
  }
}

// No panel is narrower than the spacing of doubles: dividing further filled the
// memory.
TEST(GaussianRule, TakesNarrowPanelsFarAway) {
  for (const double far : {1e3, 1e16, 1e20, 1e100}) {
    const GaussianRule rule =
        MakePanelRule({{far, 1}, {-far, 1e-3}, {far / 3, 1e-20}}, far * far);
    EXPECT_LT(rule.z.size(), 20000u);
    EXPECT_THAT(Sum(rule, [](double) { return 1; }), IsNear(1, kRuleTolerance));
  }
}

// The narrowest that the header allows: entire of unit width, and with poles
// at a distance of 1.
TEST_P(GaussianRuleTest, IntegratesWhatIsNarrowBesideZero) {
  const double q = GetParam();
  const GaussianRule rule = MakeGaussianRule({}, q);
  const double entire = 1 / std::sqrt(1 + 2 * q);
  Expect(
      rule, [](double z) { return std::exp(-z * z); }, entire, entire);
  if (q < 0.01) return;  // e^(1/2q) would overflow
  const double poles = std::sqrt(pi / (2 * q)) * std::exp(1 / (2 * q)) *
                       std::erfc(1 / std::sqrt(2 * q));
  // The exponential's argument is as large as 50.
  Expect(
      rule, [](double z) { return 1 / (1 + z * z); }, poles, 50 * poles);
}

// Jumps and bends, at 0, beside it, far out, and beyond the law's reach.
TEST_P(GaussianRuleTest, IntegratesEachSideOfAKink) {
  const double q = GetParam(), sigma = std::sqrt(q);
  for (double kink : {0.0, 1.0, -0.3 * sigma, 2.7 * sigma, 30 * sigma}) {
    const double kinks[] = {kink};
    const GaussianRule rule = MakeGaussianRule(kinks, q);
    const double x = kink / sigma, tail = NormalCdf(-x);
    Expect(
        rule, [&](double z) { return z > kink ? 1.0 : 0.0; }, tail, 1);
    Expect(
        rule, [&](double z) { return std::max(z - kink, 0.0); },
        sigma * NormalDensity(x) - kink * tail, sigma + std::abs(kink));
  }
}

TEST_P(GaussianRuleTest, NodesAscendAndWeightsSumToOne) {
  const double kinks[] = {-1, 0, 1};
  const GaussianRule rule = MakeGaussianRule(kinks, GetParam());
  ASSERT_EQ(rule.z.size(), rule.weight.size());
  for (size_t i = 1; i < rule.z.size(); ++i) {
    EXPECT_LT(rule.z[i - 1], rule.z[i]);
  }
  Expect(
      rule, [](double) { return 1.0; }, 1, 1);
}

// E erf((z − a)/w) = −erf(a/√(w² + 2q)), a step of any width.
TEST_P(GaussianRuleTest, PanelsShrinkAsTheirEndsSay) {
  const double q = GetParam(), a = 0.4 * std::sqrt(q);
  for (double width : {1.0, 1e-3, 1e-6, 1e-12}) {
    const double w = width * std::sqrt(q);
    const GaussianRule rule = MakePanelRule({{a, w}}, q);
    Expect(
        rule, [&](double z) { return std::erf((z - a) / w); },
        -std::erf(a / std::sqrt(w * w + 2 * q)), 1);
  }
}

}  // namespace
}  // namespace initscope
