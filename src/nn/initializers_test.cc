#include "nn/initializers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "base/matchers_test.h"
#include "nn/unit_weights.h"

namespace initscope {
namespace initializers_test {

constexpr size_t kFanIn = 300, kFanOut = 200;

// The variances that the papers state, written out once more.
double StatedVariance(std::string_view name) {
  const double fi = kFanIn, fo = kFanOut;
  if (name == "zero") return 0;
  if (name == "constant") return 0;
  if (name == "normal" || name == "uniform") return 1;
  if (name.find("lecun") != name.npos) return 1 / fi;
  if (name.find("xavier") != name.npos) return 2 / (fi + fo);
  if (name.find("he_fan_out") != name.npos) return 2 / fo;
  if (name.find("he_") != name.npos) return 2 / fi;
  if (name == "torch_default") return 1 / (3 * fi);
  return 1 / std::max(fi, fo);  // orthogonal, lsuv
}

// P(U ≤ x) of each law with mean 0 and variance 1.
double Cdf(UnitLaw law, double x) {
  const auto phi = [](double t) { return std::erfc(-t / std::sqrt(2.0)) / 2; };
  if (law == UnitLaw::kUniform) {
    return std::clamp(0.5 + x / (2 * std::sqrt(3.0)), 0.0, 1.0);
  }
  if (law == UnitLaw::kTruncatedNormal) {
    const double t = x * 0.87962566103423978;
    return std::clamp((phi(t) - phi(-2)) / (phi(2) - phi(-2)), 0.0, 1.0);
  }
  return phi(x);
}

std::vector<double> Draw(const Initializer& init) {
  const Matrix<double> u =
      UnitWeights<double>(init.law, 11, 2, kFanIn, kFanOut, false).Entries();
  const double s = init.scale(kFanIn, kFanOut);
  std::vector<double> w;
  for (size_t i = 0; i < kFanIn; ++i) {
    for (size_t j = 0; j < kFanOut; ++j) w.push_back(s * u(i, j));
  }
  return w;
}

TEST(Initializers, SampleVarianceIsTheStatedOne) {
  for (const Initializer& init : Initializers()) {
    const std::vector<double> w = Draw(init);
    double sum = 0, squares = 0;
    for (double x : w) {
      sum += x;
      squares += x * x;
    }
    const double n = static_cast<double>(w.size());
    const double stated = StatedVariance(init.name);
    const double mean = sum / n, variance = squares / n - mean * mean;
    if (init.law == UnitLaw::kConstant) {
      // A plain sum of n equal terms loses up to n·eps.
      EXPECT_THAT(mean, IsNear(1.0 / kFanIn, n * 2.3e-16 / kFanIn));
      EXPECT_THAT(variance, IsNear(0, n * 2.3e-16 / (kFanIn * kFanIn)));
      continue;
    }
    // The standard error of a variance of n draws is at most √(2/n) of it
    // (normal; less for the others), that of the mean √(variance/n).
    EXPECT_THAT(variance, IsNear(stated, 5 * std::sqrt(2 / n) * stated))
        << init.name;
    EXPECT_THAT(mean, IsNear(0, 5 * std::sqrt(stated / n))) << init.name;
  }
}

// Kolmogorov–Smirnov at significance 1e-6: sup|F_n − F| < 2.69/√n.
TEST(Initializers, DrawsFollowTheirLaw) {
  for (const Initializer& init : Initializers()) {
    if (init.law == UnitLaw::kZero || init.law == UnitLaw::kConstant ||
        init.law == UnitLaw::kOrthogonal) {
      continue;
    }
    std::vector<double> w = Draw(init);
    std::sort(w.begin(), w.end());
    const double n = static_cast<double>(w.size());
    const double sigma = std::sqrt(StatedVariance(init.name));
    double distance = 0;
    for (size_t i = 0; i < w.size(); ++i) {
      const double f = Cdf(init.law, w[i] / sigma);
      const double at = static_cast<double>(i);
      distance = std::max(
          {distance, std::abs(f - at / n), std::abs(f - (at + 1) / n)});
    }
    EXPECT_LT(distance, 2.69 / std::sqrt(n)) << init.name;
  }
}

TEST(Initializers, OrthogonalWeightsAreSemiOrthogonal) {
  for (const Initializer& init : Initializers()) {
    if (init.law != UnitLaw::kOrthogonal) continue;
    const std::vector<double> w = Draw(init);
    // fan_in > fan_out: the columns are orthonormal.
    for (size_t a : {0, 1, 77}) {
      for (size_t b : {0, 1, 199}) {
        double dot = 0;
        for (size_t i = 0; i < kFanIn; ++i) {
          dot += w[i * kFanOut + a] * w[i * kFanOut + b];
        }
        EXPECT_THAT(dot, IsNear(a == b ? 1 : 0, 1e-13)) << init.name;
      }
    }
  }
}

TEST(Initializers, NamesAreUnique) {
  std::set<std::string_view> names;
  for (const Initializer& init : Initializers()) {
    EXPECT_TRUE(names.insert(init.name).second) << init.name;
    EXPECT_EQ(init.name.find(' '), init.name.npos);
  }
}

}  // namespace initializers_test
}  // namespace initscope
