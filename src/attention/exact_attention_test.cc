#include "attention/exact_attention.h"

#include <gtest/gtest.h>

#include <cmath>
#include <initializer_list>
#include <limits>
#include <string>

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

Matrix<double> Of(size_t rows, size_t cols,
                  std::initializer_list<double> entries) {
  Matrix<double> out(rows, cols);
  std::copy(entries.begin(), entries.end(), out.data());
  return out;
}

// The example that experiments/attention_example shows.
AttentionInputs Example() {
  return {Of(4, 3, {1, 2, 0, 0, 2, 1, 0, 2, 0, 1, 0, 0}),
          Of(3, 3, {0, 0, 1, 0, 1, 0, 1, 1, 0}),
          Of(3, 3, {1, 1, 0, 1, 0, 0, 0, 0, 2}),
          Of(3, 2, {10, 0, 0, 10, 10, 10})};
}

std::string Text(const ExactMatrix& a) {
  if (!a) return "none";
  std::string text;
  for (size_t i = 0; i < a->entries.size(); ++i) {
    text += i == 0 ? "" : i % a->cols == 0 ? "; " : " ";
    text += a->entries[i].str();
  }
  return text;
}

TEST(ExactAttention, OfTheExample) {
  const ExactAttention exact = ComputeExactAttention(Example(), {2, 3});
  EXPECT_EQ(Text(exact.q), "0 2 1; 1 3 0; 0 2 0; 0 0 1");
  EXPECT_EQ(Text(exact.k), "3 1 0; 2 0 2; 2 0 0; 1 1 0");
  EXPECT_EQ(Text(exact.v), "10 20; 10 30; 0 20; 10 0");
  EXPECT_EQ(Text(exact.s), "2 2 0 2; 6 2 2 4; 2 0 0 2; 0 2 0 0");
  EXPECT_EQ(Text(exact.z), "1 1 0 1; 3 1 1 2; 1 0 0 1; 0 1 0 0");
  EXPECT_EQ(Text(exact.e), "3 3 1 3; 27 3 3 9; 3 1 1 3; 1 3 1 1");
  EXPECT_EQ(Text(exact.p),
            "3/10 3/10 1/10 3/10; 9/14 1/14 1/14 3/14; 3/8 1/8 1/8 3/8; "
            "1/6 1/2 1/6 1/6");
  EXPECT_EQ(Text(exact.o), "9 17; 65/7 115/7; 35/4 55/4; 25/3 65/3");
}

// The doubles are the fractions, rounded: P within its 4 terms' roundings, O
// within those of four products more.
TEST(ExactAttention, IsWhatTheDoublesAre) {
  const AttentionInputs in = Example();
  const ExactAttention exact = ComputeExactAttention(in, {2, 3});
  const AttentionTensors t = AttentionForward(in, {2, 3});
  for (size_t i = 0; i < t.p.size(); ++i) {
    EXPECT_NEAR(t.p.data()[i], ToDouble(exact.p->entries[i]), 0x1p-50);
  }
  for (size_t i = 0; i < t.o.size(); ++i) {
    EXPECT_NEAR(t.o.data()[i], ToDouble(exact.o->entries[i]), 30 * 0x1p-49);
  }
}

TEST(ExactAttention, OnlyDifferencesOfExponentsNeedBeWhole) {
  AttentionInputs in = {Of(2, 1, {1, 1}), Of(1, 1, {0.5}), Of(1, 1, {1}),
                        Of(1, 1, {10})};
  // S is ½ everywhere: 3^½ is no fraction, P is.
  const ExactAttention exact = ComputeExactAttention(in, {1, 3});
  EXPECT_EQ(Text(exact.z), "1/2 1/2; 1/2 1/2");
  EXPECT_EQ(Text(exact.e), "none");
  EXPECT_EQ(Text(exact.p), "1/2 1/2; 1/2 1/2");
  EXPECT_EQ(Text(exact.o), "10; 10");
}

TEST(ExactAttention, StopsWhereThereAreNoFractions) {
  AttentionInputs in = Example();
  const ExactAttention of_e = ComputeExactAttention(in, {2, std::numbers::e});
  EXPECT_EQ(Text(of_e.z), "1 1 0 1; 3 1 1 2; 1 0 0 1; 0 1 0 0");
  EXPECT_EQ(Text(of_e.p), "none");
  EXPECT_EQ(Text(of_e.o), "none");
  const ExactAttention of_root = ComputeExactAttention(in, {std::sqrt(3.0), 3});
  EXPECT_NE(Text(of_root.s), "none");
  EXPECT_EQ(Text(of_root.z), "none");
  in.x(0, 0) = 0.1;
  const ExactAttention of_tenth = ComputeExactAttention(in, {2, 3});
  EXPECT_EQ(Text(of_tenth.x), "none");
  EXPECT_EQ(Text(of_tenth.q), "none");
  EXPECT_NE(Text(of_tenth.w_q), "none");
  // Exponents up to 6e4: 3 to that power fits nowhere.
  in.x(0, 0) = 1e4;
  EXPECT_EQ(Text(ComputeExactAttention(in, {2, 3}).p), "none");
}

}  // namespace
}  // namespace initscope
