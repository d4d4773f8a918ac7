#include "theory/hermite_series.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "base/targets_test.h"
#include "nn/find_activation_test.h"
#include "theory/gaussian_rule.h"

namespace initscope {
namespace hermite_series_test {

// E g(√q t) h_k(t) by the plain recurrence, point by point, in long double.
std::vector<HermiteTerm> Reference(const Activation& f, double q) {
  const GaussianRule rule = MakeGaussianRule(f.kinks, q);
  std::vector<std::array<long double, 4>> sums(kHermiteTerms);
  long double f2 = 0, slope2 = 0;
  for (size_t i = 0; i < rule.z.size(); ++i) {
    const long double v = f.value(rule.z[i]), s = f.slope(rule.z[i]);
    const long double t = rule.z[i] / std::sqrt(static_cast<long double>(q));
    long double before = 0, h = 1;
    for (size_t k = 0; k < kHermiteTerms; ++k) {
      const long double weight = rule.weight[i] * h;
      sums[k][0] += weight * v;
      sums[k][1] += weight * s;
      sums[k][2] += weight * v * v;
      sums[k][3] += weight * s * s;
      const auto order = static_cast<long double>(k);
      const long double next =
          (t * h - std::sqrt(order) * before) / std::sqrt(order + 1);
      before = h;
      h = next;
    }
    f2 += rule.weight[i] * v * v;
    slope2 += rule.weight[i] * s * s;
  }
  std::vector<HermiteTerm> terms;
  for (const auto& sum : sums) {
    terms.push_back({static_cast<double>(sum[0] / std::sqrt(f2)),
                     static_cast<double>(sum[1] / std::sqrt(slope2)),
                     static_cast<double>(sum[2] / f2),
                     static_cast<double>(sum[3] / slope2)});
  }
  return terms;
}

// To the error that the header promises of the Chebyshev series.
TEST(HermiteTable, TermsAreThePlainSums) {
  constexpr double kError = 1e-8;
  OnEveryTarget([] {
    for (const char* name : {"tanh", "gelu", "elu"}) {
      const Activation& f = FindActivation(name);
      const HermiteTable table(f);
      for (const double log_q : {-3.3, 0.0, 0.7, 2.5}) {
        SCOPED_TRACE(std::string(name) + " at " + std::to_string(log_q));
        HermiteCoefficients found;
        table.At(log_q, &found);
        const std::vector<HermiteTerm> expected = Reference(f, std::exp(log_q));
        for (size_t k = 0; k < found.count; ++k) {
          EXPECT_NEAR(found.terms[k].f, expected[k].f, kError) << k;
          EXPECT_NEAR(found.terms[k].slope, expected[k].slope, kError) << k;
          EXPECT_NEAR(found.terms[k].square, expected[k].square, kError) << k;
          EXPECT_NEAR(found.terms[k].slope_square, expected[k].slope_square,
                      kError)
              << k;
        }
      }
    }
  });
}

}  // namespace hermite_series_test
}  // namespace initscope
