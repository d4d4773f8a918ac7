#include "nn/activations.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "base/test_matchers.h"
#include "base/test_targets.h"

namespace initscope {
namespace {

// Both signs, dense near 0 and ±1, out to where tails underflow float.
std::vector<double> Arguments() {
  std::vector<double> z = {0.0, -0.0, 1.0, -1.0, 1e-30, -1e-30, 1e-7, -1e-7};
  for (double x = 1e-4; x < 100; x *= 1.13) {
    z.push_back(x);
    z.push_back(-x);
  }
  for (double x = -3; x <= 3; x += 0.0625) z.push_back(x);
  for (double x : {1e3, 1e6, 1e9}) {
    z.push_back(x);
    z.push_back(-x);
  }
  return z;
}

template <typename T>
void Apply(const Activation& f, const std::vector<T>& z, std::vector<T>* a,
           std::vector<T>* s) {
  a->resize(z.size());
  s->resize(z.size());
  f.Apply(z.data(), z.size(), a->data(), s->data());
}

// 8 ulp, as the header says; relative to max|f'| where a slope changes sign;
// results below the smallest normal number may be flushed to 0.
template <typename T>
void ExpectLikeReference() {
  const double eps = std::numeric_limits<T>::epsilon();
  const double tiny = std::numeric_limits<T>::min();
  std::vector<T> z;
  for (double x : Arguments()) z.push_back(static_cast<T>(x));
  for (const Activation& f : Activations()) {
    std::vector<T> a, s;
    Apply(f, z, &a, &s);
    const bool changes_sign = f.name == "gelu" || f.name == "silu";
    for (size_t i = 0; i < z.size(); ++i) {
      const double x = z[i];
      SCOPED_TRACE(std::string(f.name) + " at " + std::to_string(x));
      EXPECT_THAT(
          a[i], IsNear(f.value(x), 8 * eps * std::abs(f.value(x)) + 2 * tiny));
      const double scale = changes_sign ? f.max_slope : std::abs(f.slope(x));
      EXPECT_THAT(s[i], IsNear(f.slope(x), 8 * eps * scale + 2 * tiny));
    }
  }
}

TEST(Activations, FloatKernelsAgreeWithTheReference) {
  OnEveryTarget([] { ExpectLikeReference<float>(); });
}

TEST(Activations, DoubleKernelsAgreeWithTheReference) {
  OnEveryTarget([] { ExpectLikeReference<double>(); });
}

TEST(Activations, KernelsDoNotDependOnLengthOrAlignment) {
  OnEveryTarget([] {
    const std::vector<double> arguments = Arguments();
    const std::vector<float> z(arguments.begin(), arguments.end());
    for (const Activation& f : Activations()) {
      std::vector<float> a, s;
      Apply(f, z, &a, &s);
      for (size_t offset : {0, 1, 3}) {
        for (size_t n : {1, 2, 7, 8, 9, 15, 16, 17, 33}) {
          std::vector<float> an(n), sn(n);
          f.Apply(z.data() + offset, n, an.data(), sn.data());
          for (size_t i = 0; i < n; ++i) {
            EXPECT_EQ(an[i], a[offset + i]) << f.name;
            EXPECT_EQ(sn[i], s[offset + i]) << f.name;
          }
        }
      }
    }
  });
}

TEST(Activations, PassNanOn) {
  OnEveryTarget([] {
    const std::vector<float> z(9, std::numeric_limits<float>::quiet_NaN());
    for (const Activation& f : Activations()) {
      std::vector<float> a, s;
      Apply(f, z, &a, &s);
      EXPECT_TRUE(std::isnan(a[0])) << f.name;
      EXPECT_TRUE(std::isnan(a[8])) << f.name;
      EXPECT_TRUE(std::isnan(s[0])) << f.name;
    }
  });
}

// Central differences with h = 1e-5: truncation h²·|f'''| ≤ 1e-9 and rounding
// eps·|f|/h ~ 1e-10 at these arguments; kinks are left out.
TEST(Activations, SlopesAreDerivatives) {
  const double h = 1e-5;
  for (const Activation& f : Activations()) {
    for (double z = -6.03; z < 6; z += 0.11) {
      if (std::abs(z) < 2 * h || std::abs(std::abs(z) - 1) < 2 * h) continue;
      const double numeric = (f.value(z + h) - f.value(z - h)) / (2 * h);
      EXPECT_THAT(f.slope(z), IsNear(numeric, 2e-9)) << f.name << " " << z;
    }
  }
}

TEST(Activations, SlopeAtAKinkIsTheLeftOne) {
  for (const Activation& f : Activations()) {
    if (f.name == "relu") {
      EXPECT_EQ(f.slope(0), 0);
    } else if (f.name == "leaky_relu") {
      EXPECT_EQ(f.slope(0), 0.01);
    } else if (f.name == "elu") {
      EXPECT_EQ(f.slope(0), 1);
    } else if (f.name == "hard_tanh") {
      EXPECT_EQ(f.slope(-1), 0);
      EXPECT_EQ(f.slope(1), 1);
    }
  }
}

TEST(Activations, MaxSlopeIsTheLargest) {
  for (const Activation& f : Activations()) {
    double largest = 0;
    for (int k = -20000; k <= 20000; ++k) {
      largest = std::max(largest, std::abs(f.slope(k * 1e-3)));
    }
    // A grid of 1e-3 misses a smooth maximum by at most f'''·1e-6/8.
    EXPECT_THAT(f.max_slope, IsNear(largest, 1e-6)) << f.name;
  }
}

TEST(Activations, LogSlopeAgreesWithTheSlopeAndGoesOn) {
  for (const Activation& f : Activations()) {
    if (f.log_abs_slope == nullptr) continue;
    for (double z = -36; z <= 36; z += 0.37) {
      const double slope = std::abs(f.slope(z));
      if (slope < 1e-300) continue;
      // Near a zero of the slope its logarithm amplifies rounding.
      const double tolerance =
          1e-14 * (1 + std::abs(std::log(slope))) + 1e-15 / slope * 1e-1;
      EXPECT_THAT(f.log_abs_slope(z),
                  IsNear(std::log(slope), std::max(tolerance, 1e-13)))
          << f.name << " " << z;
    }
    for (double z : {-1e3, -1e6, 1e3, 1e6}) {
      EXPECT_TRUE(std::isfinite(f.log_abs_slope(z))) << f.name << " " << z;
    }
  }
}

// Values of f'(z) far out, from the definitions with 40 digits (mpmath).
TEST(Activations, LogSlopeFarOut) {
  struct Row {
    const char* name;
    double z, log_slope;
  };
  constexpr Row kRows[] = {
      {"sigmoid", 1000, -1000},
      {"tanh", -1000, -1998.6137056388801},
      {"erf", 100, -9999.8792177627515},
      {"elu", -1234.5, -1234.5},
      {"softplus", -1e5, -1e5},
      {"softsign", 1e6, -27.631023115927548},
      {"silu", -1000, -993.09324522135135},
      {"gelu", -100, -4996.3138683422189},
  };
  for (const Row& row : kRows) {
    for (const Activation& f : Activations()) {
      if (f.name != row.name) continue;
      EXPECT_THAT(f.log_abs_slope(row.z),
                  IsNear(row.log_slope, 1e-13 * std::abs(row.log_slope)))
          << row.name;
    }
  }
}

TEST(Activations, HomogeneousOnesAre) {
  for (const Activation& f : Activations()) {
    const bool is =
        f.value(std::ldexp(-0.7, 40)) == std::ldexp(f.value(-0.7), 40) &&
        f.value(std::ldexp(0.7, -40)) == std::ldexp(f.value(0.7), -40);
    EXPECT_EQ(f.homogeneous, is) << f.name;
  }
}

}  // namespace
}  // namespace initscope
