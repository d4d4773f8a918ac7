#include "check/central_difference.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "base/matchers_test.h"

namespace initscope {
namespace {

constexpr double kEps = 2.220446049250313e-16;

// f about x, whose values are off by an eps or two of themselves, with kinks at
// `kink`.
DifferenceFunction About(double x, const std::function<double(double)>& f,
                         double kink = 1e300) {
  return [=](double step) -> DifferenceValue {
    const double there = x + step;
    const double share = (kink - x) / step;
    return {there - x, f(there) - f(x), share >= 0 ? share : INFINITY};
  };
}

struct Case {
  const char* name;
  double third;  // max|f'''| near the arguments
  std::function<double(double)> f, slope;
};

TEST(CentralDifference, IsWithinItsBoundAndTheBoundIsTight) {
  const Case cases[] = {
      {"exp", 27, [](double x) { return std::exp(x); },
       [](double x) { return std::exp(x); }},
      {"sin", 1, [](double x) { return std::sin(x); },
       [](double x) { return std::cos(x); }},
      {"fast sin", 1e12, [](double x) { return std::sin(1e4 * x); },
       [](double x) { return 1e4 * std::cos(1e4 * x); }},
      {"slow sin", 1e-12, [](double x) { return std::sin(1e-4 * x); },
       [](double x) { return 1e-4 * std::cos(1e-4 * x); }},
      {"square", 0, [](double x) { return x * x; },
       [](double x) { return 2 * x; }},
      {"line", 0, [](double x) { return 3 * x; }, [](double) { return 3.0; }},
  };
  for (const Case& c : cases) {
    for (const double x : {0.3, -1.7, 2.2}) {
      const double noise =
          2 * kEps * (std::abs(c.f(x)) + std::abs(x * c.slope(x)));
      const CentralDifference d =
          Differentiate(About(x, c.f), {.noise = noise, .largest_step = 1});
      EXPECT_THAT(d.derivative, IsNear(c.slope(x), 4 * d.bound))
          << c.name << " at " << x;
      // The least of h² f'''/6 + noise/h, but 4h is at most 1.
      EXPECT_LE(d.bound, 4 * std::cbrt(noise * noise * c.third) + 16 * noise)
          << c.name << " at " << x;
      EXPECT_FALSE(d.at_kink || d.near_kink || d.is_constant);
    }
  }
}

// More noise, a larger step; the bound says so.
TEST(CentralDifference, StepGrowsWithTheNoise) {
  double before = 0;
  for (const double noise : {1e-15, 1e-12, 1e-9, 1e-6}) {
    const auto f = [&](double x) {
      return std::exp(x) + noise * std::sin(1e9 * x);
    };
    const CentralDifference d =
        Differentiate(About(0.3, f), {.noise = noise, .largest_step = 1});
    EXPECT_THAT(d.derivative, IsNear(std::exp(0.3), 4 * d.bound)) << noise;
    // T h² = R/h: within a factor of 4 of the cube root of 3·noise.
    EXPECT_GT(d.step, std::cbrt(3 * noise / std::exp(0.3)) / 4) << noise;
    EXPECT_LT(d.step, std::cbrt(3 * noise / std::exp(0.3)) * 4) << noise;
    EXPECT_GT(d.step, before);
    before = d.step;
  }
}

TEST(CentralDifference, DoesNotCrossAKink) {
  const auto relu = [](double x) { return x > 0 ? std::exp(x) - 1 : 0.0; };
  const DifferenceOptions options = {
      .noise = kEps, .largest_step = 1, .slope_jumps = true};
  for (const double x : {0.5, 1e-3, 1e-6, -1e-6, -0.1}) {
    const CentralDifference d = Differentiate(About(x, relu, 0), options);
    EXPECT_THAT(d.derivative, IsNear(x > 0 ? std::exp(x) : 0, 4 * d.bound))
        << x;
    EXPECT_LE(4 * d.step, std::abs(x));
    EXPECT_EQ(d.near_kink, x < 0.1) << x;  // left of 0 large steps are best
    EXPECT_FALSE(d.at_kink);
  }
  EXPECT_TRUE(Differentiate(About(0, relu, 0), options).at_kink);
  EXPECT_TRUE(Differentiate(About(1e-30, relu, 0), options).at_kink);
}

// From afar a softplus is a kink, on both sides of which all D(h) agree on ½:
// `reach` keeps the steps near.
TEST(CentralDifference, StaysWhereTheFunctionIsSmooth) {
  const double scale = 1e-6;
  const auto f = [&](double step) -> DifferenceValue {
    const double s = step / scale;
    const double at = 0.7;
    return {.step = step,
            .change = scale * (std::max(0.0, s + at) +
                               std::log1p(std::exp(-std::abs(s + at))) -
                               std::log1p(std::exp(-at)) - at),
            .reach = scale / std::abs(step)};
  };
  for (const double noise : {1e-16 * scale, scale}) {
    const CentralDifference d =
        Differentiate(f, {.noise = noise, .largest_step = 1e3});
    EXPECT_THAT(d.derivative, IsNear(1 / (1 + std::exp(-0.7)), 4 * d.bound));
    EXPECT_LE(4 * d.step, scale);
    // Where noise hides the slope, the bound says so.
    EXPECT_LE(d.bound, std::max(1e-9, 20 * noise / scale));
  }
}

// Where f'' alone jumps there is a derivative, and an error of the order of h.
TEST(CentralDifference, CrossesAJumpOfTheCurvature) {
  const auto elu = [](double x) { return x > 0 ? x : std::expm1(x); };
  for (const double x : {0.0, 1e-9, -1e-7, 1e-4}) {
    const CentralDifference d = Differentiate(
        About(x, elu, 0), {.noise = kEps * 1e-3, .largest_step = 1});
    EXPECT_THAT(d.derivative, IsNear(x > 0 ? 1 : std::exp(x), 4 * d.bound))
        << x;
    EXPECT_LE(d.bound, 1e-6) << x;
  }
}

TEST(CentralDifference, SeesAConstant) {
  const CentralDifference d = Differentiate(
      About(2, [](double) { return 5.0; }), {.noise = 0, .largest_step = 1});
  EXPECT_TRUE(d.is_constant);
  EXPECT_EQ(d.derivative, 0);
  EXPECT_EQ(d.bound, 0);
}

// Steps that the argument swallows give no bound rather than a wrong one.
TEST(CentralDifference, HasNoBoundWhereNoStepMoves) {
  const CentralDifference d = Differentiate(
      About(1e30, [](double x) { return x; }), {.noise = 1, .largest_step = 1});
  EXPECT_TRUE(std::isinf(d.bound));
}

}  // namespace
}  // namespace initscope
