#include "attention/fraction.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace initscope {
namespace {

TEST(Fraction, IsShownInLowestTerms) {
  EXPECT_EQ(Fraction(18, 28).str(), "9/14");
  EXPECT_EQ(Fraction(-4, 2).str(), "-2");
  EXPECT_EQ((Fraction(2) / Fraction(-3)).str(), "-2/3");
  EXPECT_EQ(Fraction(0, 7).str(), "0");
}

TEST(Fraction, Power) {
  EXPECT_EQ(Power(Fraction(2, 3), 3), Fraction(8, 27));
  EXPECT_EQ(Power(Fraction(2, 3), -1), Fraction(3, 2));
  EXPECT_EQ(Power(3, -2), Fraction(1, 9));
  EXPECT_EQ(Power(3, 0), Fraction(1));
  EXPECT_EQ(Power(1, 1000000), Fraction(1));
  EXPECT_FALSE(Power(3, 40));  // 3^40 > 2^63 > 3^39
  EXPECT_TRUE(Power(3, 39));
  EXPECT_FALSE(Power(3, -40));
  EXPECT_FALSE(Power(2, 63));
  EXPECT_FALSE(Power(2, 1e300));
}

TEST(Fraction, IsShort) {
  const Fraction most = std::numeric_limits<int64_t>::max();
  EXPECT_TRUE(IsShort(most));
  EXPECT_TRUE(IsShort(-most));
  EXPECT_TRUE(IsShort(1 / most));
  EXPECT_FALSE(IsShort(most + 1));
  EXPECT_FALSE(IsShort(-most - 1));
  EXPECT_FALSE(IsShort(1 / (most + 1)));
}

TEST(Fraction, OfDouble) {
  EXPECT_EQ(FractionOf(3), Fraction(3));
  EXPECT_EQ(FractionOf(-0.375), Fraction(-3, 8));
  EXPECT_EQ(FractionOf(0), Fraction(0));
  EXPECT_FALSE(FractionOf(0.1));
  EXPECT_FALSE(FractionOf(std::sqrt(3.0)));
  EXPECT_FALSE(FractionOf(0x1p60));
  EXPECT_FALSE(FractionOf(std::nan("")));
  EXPECT_FALSE(FractionOf(std::numeric_limits<double>::infinity()));
}

}  // namespace
}  // namespace initscope
