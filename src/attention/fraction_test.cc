#include "attention/fraction.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace initscope {
namespace {

constexpr int64_t kMost = std::numeric_limits<int64_t>::max();

Fraction F(int64_t a, int64_t b) { return Fraction::Make(a, b).value(); }

TEST(Fraction, IsInLowestTerms) {
  EXPECT_EQ(F(18, 28).Text(), "9/14");
  EXPECT_EQ(F(-4, 2).Text(), "-2");
  EXPECT_EQ(F(4, -6).Text(), "-2/3");
  EXPECT_EQ(F(0, -7), Fraction(0));
  EXPECT_EQ(F(9, 14).ToDouble(), 9.0 / 14);
  EXPECT_FALSE(Fraction::Make(1, 0));
  EXPECT_FALSE(Fraction::Make(std::numeric_limits<int64_t>::min(), 1));
}

TEST(Fraction, Arithmetic) {
  EXPECT_EQ(Sum(F(1, 6), F(3, 10)), F(7, 15));
  EXPECT_EQ(Sum(F(1, 2), F(-1, 2)), Fraction(0));
  EXPECT_EQ(Times(F(-2, 3), F(9, 4)), F(-3, 2));
  EXPECT_EQ(Quotient(F(1, 2), F(-3, 4)), F(-2, 3));
  EXPECT_FALSE(Quotient(F(1, 2), Fraction(0)));
  EXPECT_EQ(Power(F(2, 3), 3), F(8, 27));
  EXPECT_EQ(Power(3, -2), F(1, 9));
  EXPECT_EQ(Power(3, 0), Fraction(1));
  EXPECT_EQ(Power(1, 1000000), Fraction(1));
}

TEST(Fraction, WhatDoesNotFitIsNone) {
  EXPECT_FALSE(Sum(kMost, 1));
  EXPECT_FALSE(Sum(F(1, kMost), F(1, kMost - 1)));
  EXPECT_FALSE(Times(kMost, 2));
  EXPECT_FALSE(Times(F(1, kMost), F(1, 2)));
  EXPECT_FALSE(Power(3, 40));  // 3^40 > 2^63 > 3^39
  EXPECT_TRUE(Power(3, 39));
  EXPECT_FALSE(Power(3, -40));
  EXPECT_FALSE(Power(2, 63));
  // What cancels on the way does fit.
  EXPECT_EQ(Times(F(kMost, 2), F(2, kMost)), Fraction(1));
}

TEST(Fraction, OfDouble) {
  EXPECT_EQ(Fraction::OfDouble(3), Fraction(3));
  EXPECT_EQ(Fraction::OfDouble(-0.375), F(-3, 8));
  EXPECT_EQ(Fraction::OfDouble(0), Fraction(0));
  EXPECT_FALSE(Fraction::OfDouble(0.1));
  EXPECT_FALSE(Fraction::OfDouble(std::sqrt(3.0)));
  EXPECT_FALSE(Fraction::OfDouble(0x1p60));
  EXPECT_FALSE(Fraction::OfDouble(std::nan("")));
  EXPECT_FALSE(Fraction::OfDouble(std::numeric_limits<double>::infinity()));
}

}  // namespace
}  // namespace initscope
