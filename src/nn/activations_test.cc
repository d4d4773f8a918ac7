#include "nn/activations.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/denormals.h"
#include "base/kernel_target.h"
#include "base/matchers_test.h"

namespace initscope {
namespace activations_test {

// Every binade, dense where functions bend or tails end, and the neighbours of
// where a kernel changes its formula or rounds an exponent; both signs, sorted.
template <typename T>
std::vector<T> Arguments() {
  constexpr bool kFloat = sizeof(T) == sizeof(float);
  std::vector<T> positive = {T{1e-30}, T{1e-7}, T{1e30}};
  const auto add = [&positive](double x) {
    const T z = static_cast<T>(x);
    positive.push_back(z);
    positive.push_back(std::nextafter(z, T{0}));
    positive.push_back(std::nextafter(z, T{1e30}));
  };
  using Limits = std::numeric_limits<T>;
  for (int e = Limits::min_exponent; e < Limits::max_exponent - 1; ++e) {
    // Of golden-section mantissas some 8 a binade, 128 in the middle ones.
    const int n = std::abs(e) < 12 ? 128 : 8;
    for (int i = 0; i < n; ++i) {
      const double mantissa = 1 + std::fmod(0.618034 * (e + 2048 + i), 1);
      add(std::ldexp(mantissa, e));
    }
  }
  for (double x = 0.0009765; x < 24; x *= 1.0007) add(x);
  for (double x : {0.75, 1.0}) add(x);
  for (int k = 0; k < (kFloat ? 140 : 1100); ++k) {
    const double x = (k + 0.5) * std::log(2.0);
    for (double z : {x, x / 2, std::sqrt(x), std::sqrt(2 * x)}) add(z);
  }
  // Where e^−z, e^−2z, e^−z² and e^(−z²/2) underflow.
  const double end = -std::log(static_cast<double>(Limits::min()));
  for (double x = 0.98; x < 1.1; x += 0.0003) {
    for (double z : {end, end / 2, std::sqrt(end), std::sqrt(2 * end)}) {
      add(x * z);
    }
  }
  std::erase_if(positive, [](T z) { return z < Limits::min(); });
  std::vector<T> all = {T{0}, -T{0}};
  for (T z : positive) {
    all.push_back(z);
    all.push_back(-z);
  }
  std::sort(all.begin(), all.end());
  return all;
}

template <typename T>
void Apply(const Activation& f, const std::vector<T>& z, std::vector<T>* a,
           std::vector<T>* s) {
  a->resize(z.size());
  s->resize(z.size());
  f.Apply(z.data(), z.size(), a->data(), s->data());
}

// Calls `check` on every instruction set, as threads are at their start and
// with denormals flushed, as the engine has them.
void OnEveryTarget(const std::function<void()>& check) {
  for (const std::string& target : KernelTargets()) {
    SCOPED_TRACE(target);
    const ForcedKernelTarget forced(target);
    check();
    SCOPED_TRACE("denormals are flushed");
    const FlushDenormals flush;
    check();
  }
}

// Value and slope, from formulas of which none cancels, to well below an ulp
// of double where long double has more digits.
struct Exact {
  long double value, slope;
};
Exact ExactLogistic(long double z) {
  const long double e = std::exp(-std::abs(z));
  const long double plus = z >= 0 ? 1 / (1 + e) : e / (1 + e);
  return {plus, e / ((1 + e) * (1 + e))};
}
Exact ExactValues(const Activation& f, double argument) {
  const long double z = argument;
  const long double x = std::abs(z);
  const auto [logistic, logistic_slope] = ExactLogistic(z);
  const long double scale = f.name == "selu" ? 1.0507009873554805 : 1;
  const long double alpha = f.name == "selu" ? 1.6732632423543772 : 1;
  if (f.name == "sigmoid") return {logistic, logistic_slope};
  if (f.name == "tanh") return {std::tanh(z), 4 * ExactLogistic(2 * z).slope};
  if (f.name == "elu" || f.name == "selu") {
    if (z > 0) return {scale * z, scale};
    return {scale * alpha * std::expm1(z), scale * alpha * std::exp(z)};
  }
  if (f.name == "gelu") {
    const long double half_sqrt = std::sqrt(0.5L);
    const long double phi = std::erfc(-z * half_sqrt) / 2;
    const long double density = std::exp(-z * z / 2) / std::sqrt(2 * acosl(-1));
    return {z * phi, phi + z * density};
  }
  if (f.name == "silu") return {z * logistic, logistic + z * logistic_slope};
  if (f.name == "softplus") {
    return {std::max(z, 0.0L) + std::log1p(std::exp(-x)), logistic};
  }
  if (f.name == "softsign") return {z / (1 + x), 1 / ((1 + x) * (1 + x))};
  if (f.name == "erf") {
    return {std::erf(z), 2 / std::sqrt(acosl(-1)) * std::exp(-z * z)};
  }
  return {f.value(argument), f.slope(argument)};
}

// |x − exact| in units of the last place of `scale`, as a T. Below the smallest
// normal number, where results may be flushed to 0, that number is the unit.
template <typename T>
double Ulps(T x, long double exact, long double scale) {
  constexpr long double kTiny = std::numeric_limits<T>::min();
  constexpr long double kMax = std::numeric_limits<T>::max();
  if (std::abs(exact) > kMax) return x == static_cast<T>(exact) ? 0 : kMax;
  const long double error = std::abs(x - exact);
  if (std::abs(exact) < kTiny) scale = std::max(scale, kTiny);
  if (scale <= kTiny) return error / kTiny;
  return error / std::ldexp(1.0L, std::ilogb(scale) + 1 -
                                      std::numeric_limits<T>::digits);
}

// The header's 7 ulp, and less where less was found over far more arguments:
// a coefficient wrong in its last digits shows.
struct MaxUlps {
  std::string_view name;
  double value, slope;
};
constexpr MaxUlps kMaxUlps[] = {
    {"linear", 0, 0},     {"sigmoid", 3, 5},    {"tanh", 4, 6},
    {"relu", 0, 0},       {"leaky_relu", 1, 1}, {"elu", 1.5, 1.5},
    {"selu", 2.5, 2.5},   {"gelu", 7, 2.5},     {"silu", 4, 1.5},
    {"softplus", 3.5, 3}, {"softsign", 2.5, 4}, {"erf", 3.75, 3},
    {"hard_tanh", 0, 0}};
MaxUlps MaxUlpsOf(const Activation& f) {
  for (const MaxUlps& max : kMaxUlps) {
    if (max.name == f.name) return max;
  }
  return {f.name, 7, 7};
}

template <typename T>
void ExpectExactEnough() {
  const std::vector<T> z = Arguments<T>();
  for (const Activation& f : Activations()) {
    SCOPED_TRACE(f.name);
    const bool changes_sign = f.name == "gelu" || f.name == "silu";
    const MaxUlps max = MaxUlpsOf(f);
    std::vector<Exact> exact;
    for (T x : z) exact.push_back(ExactValues(f, x));
    OnEveryTarget([&] {
      std::vector<T> a, s;
      Apply(f, z, &a, &s);
      double value = 0, slope = 0;
      T value_at = 0, slope_at = 0;
      for (size_t i = 0; i < z.size(); ++i) {
        const auto [fz, dfz] = exact[i];
        const double ulps = Ulps(a[i], fz, std::abs(fz));
        if (!(ulps <= value)) value = ulps, value_at = z[i];
        const double slope_ulps =
            Ulps(s[i], dfz, changes_sign ? f.max_slope : std::abs(dfz));
        if (!(slope_ulps <= slope)) slope = slope_ulps, slope_at = z[i];
      }
      EXPECT_LE(value, max.value) << "at " << testing::PrintToString(value_at);
      EXPECT_LE(slope, max.slope) << "at " << testing::PrintToString(slope_at);
    });
  }
}

TEST(Activations, FloatKernelsAreExactEnough) { ExpectExactEnough<float>(); }

TEST(Activations, DoubleKernelsAreExactEnough) { ExpectExactEnough<double>(); }

template <typename T>
void ExpectShape() {
  const std::vector<T> z = Arguments<T>();
  const size_t n = z.size();
  OnEveryTarget([&] {
    for (const Activation& f : Activations()) {
      SCOPED_TRACE(f.name);
      std::vector<T> a, s;
      Apply(f, z, &a, &s);
      const bool is_odd =
          f.value(-0.7) == -f.value(0.7) && f.value(-1e3) == -f.value(1e3);
      const bool changes_sign = f.name == "gelu" || f.name == "silu";
      const T eps = std::numeric_limits<T>::epsilon();
      size_t not_odd = 0, negative_slopes = 0, falls = 0;
      for (size_t i = 0; i < n; ++i) {
        const size_t mirror = n - 1 - i;  // but for the zeros, 0 in any order
        const bool kink = std::abs(z[i]) == 1;  // hard_tanh's
        not_odd += !(a[i] == -a[mirror] && (kink || s[i] == s[mirror]));
        negative_slopes += !(s[i] >= 0);
        falls += i > 0 && !(a[i] >= a[i - 1] - 2 * eps * std::abs(a[i]));
      }
      if (is_odd) {
        EXPECT_EQ(not_odd, 0u);
      }
      if (!changes_sign) {
        EXPECT_EQ(negative_slopes, 0u);
        EXPECT_EQ(falls, 0u);
      }
      const auto zero = std::find(z.begin(), z.end(), T{0}) - z.begin();
      for (auto i : {zero, zero + 1}) {  // both zeros
        if (f.value(0) == 0) {
          EXPECT_EQ(a[i], 0);
        }
        EXPECT_EQ(s[i], static_cast<T>(f.slope(0)));
      }
    }
  });
}

TEST(Activations, KernelsAreOddMonotoneAndRightAtZero) {
  ExpectShape<float>();
  ExpectShape<double>();
}

template <typename T>
void ExpectLimits() {
  constexpr T kInfinity = std::numeric_limits<T>::infinity();
  const std::vector<T> z = {kInfinity, -kInfinity,
                            std::numeric_limits<T>::quiet_NaN()};
  OnEveryTarget([&] {
    for (const Activation& f : Activations()) {
      SCOPED_TRACE(f.name);
      std::vector<T> a, s;
      Apply(f, z, &a, &s);
      for (int i : {0, 1}) {
        const double far = i == 0 ? 1e300 : -1e300;
        const double value = f.value(far);
        EXPECT_EQ(a[i], static_cast<T>(std::abs(value) < 1e100
                                           ? value
                                           : std::copysign(HUGE_VAL, value)));
        EXPECT_EQ(s[i], static_cast<T>(f.slope(far)));
      }
      EXPECT_TRUE(std::isnan(a[2]));
      EXPECT_TRUE(std::isnan(s[2]));
    }
  });
}

TEST(Activations, KernelsHaveTheirLimitsAtInfinityAndPassNanOn) {
  ExpectLimits<float>();
  ExpectLimits<double>();
}

TEST(Activations, KernelsDoNotDependOnLengthOrAlignment) {
  const std::vector<float> z = {
      -90,  -14,   -3,  -1,  -.75f, -.1f, 0,    .1f, .5f, .75f, 1,    2,
      4,    9,     10,  14,  30,    50,   -.3f, 7,   6,   -5,   -2,   3.3f,
      1.1f, -1.7f, .9f, .2f, .3f,   -7,   -9,   -4,  -6,  .01f, 1e9f, -1e9f};
  OnEveryTarget([&z] {
    for (const Activation& f : Activations()) {
      std::vector<float> a, s;
      Apply(f, z, &a, &s);
      for (size_t offset : {0, 1, 3}) {
        for (size_t n : {1, 2, 7, 8, 9, 15, 16, 17, 33}) {
          std::vector<float> an(n), sn(n);
          f.Apply(z.data() + offset, n, an.data(), sn.data());
          // The same in place.
          std::vector<float> zn(z.begin() + offset, z.begin() + offset + n);
          std::vector<float> sz(n);
          f.Apply(zn.data(), n, zn.data(), sz.data());
          for (size_t i = 0; i < n; ++i) {
            EXPECT_EQ(an[i], a[offset + i]) << f.name;
            EXPECT_EQ(sn[i], s[offset + i]) << f.name;
          }
          EXPECT_EQ(zn, an) << f.name;
          EXPECT_EQ(sz, sn) << f.name;
        }
      }
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

}  // namespace activations_test
}  // namespace initscope
