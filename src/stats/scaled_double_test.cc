#include "stats/scaled_double.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/matchers_test.h"

namespace initscope {
namespace scaled_double_test {

constexpr double kEps = std::numeric_limits<double>::epsilon();
constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr int64_t kFar = int64_t{1} << 40;

TEST(ScaledDouble, IsZeroAtFirst) {
  EXPECT_EQ(ScaledDouble().ToDouble(), 0);
  EXPECT_EQ(ScaledDouble().Log10(), -kInf);
}

TEST(ScaledDouble, ToDoubleIsExactInRange) {
  for (const double value : {1.0, -0.1, 3.75e17, 1e-300, 1e300}) {
    for (const int64_t exponent : {0, 1, -1, 20, -20}) {
      EXPECT_EQ((ScaledDouble{value, exponent}.ToDouble()),
                std::ldexp(value, static_cast<int>(exponent)));
    }
  }
  // Neither part has to fit alone.
  EXPECT_EQ((ScaledDouble{0x1p-1000, 2000}.ToDouble()), 0x1p+1000);
  EXPECT_EQ((ScaledDouble{0x1p+1000, -2000}.ToDouble()), 0x1p-1000);
  EXPECT_EQ((ScaledDouble{0x1p-1074, 2097}.ToDouble()), 0x1p+1023);
}

TEST(ScaledDouble, ToDoubleUnderflowsAndOverflows) {
  for (const int64_t exponent : {int64_t{3000}, int64_t{6000}, kFar}) {
    EXPECT_EQ((ScaledDouble{1, exponent}.ToDouble()), kInf);
    EXPECT_EQ((ScaledDouble{-1, exponent}.ToDouble()), -kInf);
    EXPECT_EQ((ScaledDouble{1, -exponent}.ToDouble()), 0);
    EXPECT_EQ((ScaledDouble{0, exponent}.ToDouble()), 0);
  }
}

// Three roundings, of log10(value), of the product and of their sum, each of a
// number not above |log10(value)| + |exponent|·log10(2); log10 itself is
// within 2 ulp.
TEST(ScaledDouble, Log10IsThatOfTheValue) {
  for (const double value : {1.0, 0.1, 3.75e17, 1e-300, 1e300}) {
    for (const int64_t exponent :
         {int64_t{0}, int64_t{1}, int64_t{-1}, int64_t{1000}, int64_t{-8000},
          kFar, -kFar}) {
      const long double shift =
          static_cast<long double>(exponent) * std::log10(2.0L);
      const long double log = std::log10(static_cast<long double>(value));
      const long double tolerance =
          4 * kEps * (std::abs(shift) + std::abs(log));
      const ScaledDouble x = {value, exponent};
      EXPECT_THAT(static_cast<long double>(x.Log10()),
                  IsNear(log + shift, tolerance))
          << value << " 2^" << exponent;
    }
  }
}

TEST(ScaledDouble, Log10OfWhatHasNone) {
  for (const int64_t exponent : {int64_t{0}, int64_t{5}, kFar, -kFar}) {
    EXPECT_EQ((ScaledDouble{0, exponent}.Log10()), -kInf);
    EXPECT_TRUE(std::isnan(ScaledDouble{-1, exponent}.Log10()));
    EXPECT_TRUE(std::isnan(ScaledDouble{std::nan(""), exponent}.Log10()));
    EXPECT_EQ((ScaledDouble{kInf, exponent}.Log10()), kInf);
  }
}

TEST(ScaledDouble, AddsExactlyWhereTheSumFits) {
  const ScaledDouble sum = ScaledDouble{3, 5000} + ScaledDouble{5, 4990};
  EXPECT_EQ(sum.exponent, 5000);
  EXPECT_EQ(sum.value, 3 + 5.0 / 1024);
  const ScaledDouble reversed = ScaledDouble{5, 4990} + ScaledDouble{3, 5000};
  EXPECT_EQ(reversed.exponent, 5000);
  EXPECT_EQ(reversed.value, sum.value);
  EXPECT_EQ((ScaledDouble{3, 7} + ScaledDouble{-3, 7}).value, 0);
}

TEST(ScaledDouble, ASummandFarBelowIsLost) {
  for (const int64_t exponent : {int64_t{3000}, kFar}) {
    const ScaledDouble sum = ScaledDouble{1, 0} + ScaledDouble{2, exponent};
    EXPECT_EQ(sum.value, 2);
    EXPECT_EQ(sum.exponent, exponent);
  }
}

// A zero has no magnitude, whatever its exponent.
TEST(ScaledDouble, AZeroChangesNothing) {
  for (const int64_t exponent : {int64_t{0}, kFar, -kFar}) {
    for (const ScaledDouble& sum :
         {ScaledDouble{0, exponent} + ScaledDouble{3, -5000},
          ScaledDouble{3, -5000} + ScaledDouble{0, exponent}}) {
      EXPECT_EQ(sum.value, 3);
      EXPECT_EQ(sum.exponent, -5000);
    }
  }
}

TEST(ScaledDouble, ProductsOfAnyLengthStayInRange) {
  for (const double factor : {0x1p-1000, -0x1p1000}) {
    ScaledDouble product = {3, 5};
    for (int i = 0; i < 1000; ++i) product = product * factor;
    EXPECT_GE(product.value, 0.25);
    EXPECT_LE(product.value, 1);
    product.exponent -= 1000 * std::ilogb(factor);
    EXPECT_EQ(product.ToDouble(), 3 * 32);
  }
  EXPECT_EQ((ScaledDouble{3, 5} * 0).value, 0);
  EXPECT_TRUE(std::isnan((ScaledDouble{3, 5} * std::nan("")).value));
}

TEST(ScaledDouble, SquaresOfAnySize) {
  for (const double x : {1e-300, 1e-160, 1e-154, 0.3, 1e150, 1e160, 1e300}) {
    EXPECT_THAT(SquareOf(x).Log10(), IsNear(2 * std::log10(x), 1e-12)) << x;
    EXPECT_THAT(SquareOf(x).Log(), IsNear(2 * std::log(x), 1e-12)) << x;
  }
  EXPECT_EQ(SquareOf(0.3).value, 0.3 * 0.3);
  EXPECT_EQ(SquareOf(0.3).exponent, 0);
  EXPECT_EQ(SquareOf(0).value, 0);
}

// Against long double, whose range is wider.
TEST(ScaledDouble, ExponentialsOfAnySize) {
  for (const double x : {-11000.0, -5000.25, -745.2, -1.5, 0.3, 800.0, 9e3}) {
    const auto exponent = static_cast<int64_t>(std::floor(x / std::log(2.0)));
    const long double expected =
        std::ldexp(std::exp(static_cast<long double>(x)), int(-exponent));
    EXPECT_THAT(ExpScaled(x, exponent),
                IsNear(static_cast<double>(expected), 4e-16 * 2))
        << x;
  }
  EXPECT_EQ(ExpScaled(-1.5, 0), std::exp(-1.5));
  EXPECT_EQ(ExpScaled(-HUGE_VAL, -2000), 0);
}

TEST(ScaledDouble, PassesNanOn) {
  const ScaledDouble nan = {std::nan(""), 0};
  for (const ScaledDouble& other :
       {ScaledDouble{0, 0}, ScaledDouble{1, 5000}, ScaledDouble{1, -5000}}) {
    EXPECT_TRUE(std::isnan((nan + other).value));
    EXPECT_TRUE(std::isnan((other + nan).value));
  }
}

}  // namespace scaled_double_test
}  // namespace initscope
