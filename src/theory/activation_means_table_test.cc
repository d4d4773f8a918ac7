// The tables of activations' means against the quadrature, with derivatives,
// within the tables and beyond; by several threads.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "base/matchers_test.h"
#include "base/parallel.h"
#include "theory/activation_means.h"
#include "theory/gaussian_rule.h"

namespace initscope {
namespace {

// What a mean is, with its derivatives by log q: those of the law's density
// are the density times these, x² = z²/q.
struct Jet {
  double value = 0, first = 0, second = 0;

  void Add(double weight, double g, double square) {
    const double by_log_q = (square - 1) / 2;
    value += weight * g;
    first += weight * g * by_log_q;
    second += weight * g * (by_log_q * by_log_q - square / 2);
  }

  Jet Log() const {
    const double rate = first / value;
    return {std::log(value), rate, second / value - rate * rate};
  }

  // this · e^(a f + b s)
  Jet TimesPowers(double a, const Jet& f, double b, const Jet& s) const {
    const double factor = std::exp(a * f.value + b * s.value);
    const double rate = a * f.first + b * s.first;
    const double bend = a * f.second + b * s.second + rate * rate;
    return {value * factor, (first + value * rate) * factor,
            (second + 2 * first * rate + value * bend) * factor};
  }
};

std::array<Jet, kMeans> JetsByQuadrature(const Activation& f, double log_q) {
  const double q = std::exp(log_q);
  const GaussianRule rule = MakeGaussianRule(f.kinks, q);
  Jet f1, f2, f3, f4, s1, s2, s4, mixed, growth;
  for (size_t i = 0; i < rule.z.size(); ++i) {
    const double z = rule.z[i], w = rule.weight[i], square = z * z / q;
    const double a = f.value(z), s = f.slope(z);
    f1.Add(w, a, square);
    f2.Add(w, a * a, square);
    f3.Add(w, a * a * a, square);
    f4.Add(w, a * a * a * a, square);
    s1.Add(w, s, square);
    s2.Add(w, s * s, square);
    s4.Add(w, s * s * s * s, square);
    mixed.Add(w, a * a * s * s, square);
    growth.Add(w, rule.z[i] * a * s, square);
  }
  const Jet f_log = f2.Log(), s_log = s2.Log();
  return {f_log,
          s_log,
          f1.TimesPowers(-0.5, f_log, 0, s_log),
          s1.TimesPowers(0, f_log, -0.5, s_log),
          f3.TimesPowers(-1.5, f_log, 0, s_log),
          f4.TimesPowers(-2, f_log, 0, s_log),
          s4.TimesPowers(0, f_log, -2, s_log).Log(),
          mixed.TimesPowers(-1, f_log, -1, s_log),
          growth.TimesPowers(-1, f_log, 0, s_log)};
}

TEST(ActivationMeansTable, IsTheQuadrature) {
  for (const Activation& f : Activations()) {
    const ActivationMeans table(f);
    for (double log_q = -63.9; log_q < 64; log_q += 0.41) {
      const MeansAt at = table.At(log_q);
      const std::array<Jet, kMeans> expected = JetsByQuadrature(f, log_q);
      for (size_t m = 0; m < kMeans; ++m) {
        const Jet& jet = expected[m];
        // Rounding goes with the value: logarithms are up to 64.
        const double size = std::max(1.0, std::abs(jet.value) / 10);
        const std::string where = std::string(f.name) + ", mean " +
                                  std::to_string(m) +
                                  " at log q = " + std::to_string(log_q);
        EXPECT_THAT(at.value[m], IsNear(jet.value, 1e-12 * size)) << where;
        EXPECT_THAT(at.first[m], IsNear(jet.first, 1e-10 * size)) << where;
        EXPECT_THAT(at.second[m], IsNear(jet.second, 1e-8 * size)) << where;
        EXPECT_EQ(at.value[m], table.ValuesAt(log_q)[m]) << where;
      }
    }
  }
}

// Beyond the table: powers of q. Slopes of what is bounded have one of ¼ in
// E f'/√(E f'²), which is below e^−16 there and stays.
TEST(ActivationMeansTable, IsRightBeyondItsEnds) {
  for (const Activation& f : Activations()) {
    const ActivationMeans table(f);
    for (double log_q : {-300.0, -100.0, -64.5, 64.0, 64.5, 100.0, 150.0}) {
      const MeanValues direct = ComputeMeans(f, log_q);
      const MeanValues values = table.ValuesAt(log_q);
      for (size_t m = 0; m < kMeans; ++m) {
        const bool stays = m == static_cast<size_t>(Mean::kSlope) && log_q > 64;
        const double tolerance =
            stays ? 2e-7 : 1e-12 * std::max(1.0, std::abs(direct[m]) / 10);
        EXPECT_THAT(values[m], IsNear(direct[m], tolerance))
            << f.name << ", mean " << m << " at log q = " << log_q;
      }
    }
    for (double log_q : {-5000.0, 5000.0}) {  // q itself is no double
      for (double value : table.ValuesAt(log_q)) {
        EXPECT_TRUE(std::isfinite(value)) << f.name << " at " << log_q;
      }
    }
  }
}

TEST(ActivationMeansTable, DoesNotDependOnWhoAsksFirst) {
  const auto log_q = [](size_t i) {
    return -70 + 0.7 * static_cast<double>(i * 37 % 200);
  };
  for (const Activation& f : Activations()) {
    const ActivationMeans alone(f), shared(f);
    std::vector<MeansAt> found(400);
    ParallelFor(found.size(), 8,
                [&](size_t i) { found[i] = shared.At(log_q(i)); });
    for (size_t i = 0; i < found.size(); ++i) {
      const MeansAt expected = alone.At(log_q(i));
      EXPECT_EQ(found[i].value, expected.value) << f.name;
      EXPECT_EQ(found[i].first, expected.first) << f.name;
      EXPECT_EQ(found[i].second, expected.second) << f.name;
    }
  }
}

}  // namespace
}  // namespace initscope
