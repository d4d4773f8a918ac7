#include "attention/attention_statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "random/variates.h"

namespace initscope {
namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

TEST(RowEntropy, OfKnownRows) {
  const double uniform[] = {0.25, 0.25, 0.25, 0.25};
  EXPECT_NEAR(RowEntropy(uniform, 4), std::log(4.0), 8 * kEpsilon);
  const double certain[] = {0, 1, 0};
  EXPECT_EQ(RowEntropy(certain, 3), 0);
  const double half[] = {0.5, 0, 0.5};
  EXPECT_NEAR(RowEntropy(half, 3), std::log(2.0), 4 * kEpsilon);
  const double one[] = {1};
  EXPECT_EQ(RowEntropy(one, 1), 0);
}

// p = 1 − ε, rounded to 1: the entropy is ε (1 − ln ε) + O(ε²).
TEST(RowEntropy, OfASaturatedRow) {
  const double epsilon = 1e-20;
  const double p[] = {epsilon, 1};
  EXPECT_NEAR(RowEntropy(p, 2) / (epsilon * (1 - std::log(epsilon))), 1,
              8 * kEpsilon);
}

TEST(SoftmaxJacobianNorm, IsThatOfTheMatrix) {
  Matrix<double> logits(6, 7);
  FillVariates(VariateLaw::kNormal, {1, Stream::kAttention, 0}, 0, 0,
               logits.view());
  for (size_t i = 0; i < logits.rows(); ++i) {
    std::vector<double> p(7);
    AttentionSoftmaxRow(logits.row(i), 7, {0.5, 3}, p.data());
    long double sum = 0;
    for (size_t j = 0; j < 7; ++j) {
      for (size_t k = 0; k < 7; ++k) {
        const long double entry =
            (j == k ? p[j] : 0.0L) - static_cast<long double>(p[j]) * p[k];
        sum += entry * entry;
      }
    }
    // The probabilities themselves add up to 1 within 7 roundings.
    EXPECT_NEAR(SoftmaxJacobianNorm(p.data(), 7),
                static_cast<double>(std::sqrt(sum)), 20 * kEpsilon);
  }
}

// Two probabilities p and 1 − p: ‖J‖ = 2 p (1 − p).
TEST(SoftmaxJacobianNorm, OfASaturatedRow) {
  const double p[] = {1, 1e-25};
  EXPECT_NEAR(SoftmaxJacobianNorm(p, 2) / 2e-25, 1, 8 * kEpsilon);
  const double certain[] = {0, 1, 0};
  EXPECT_EQ(SoftmaxJacobianNorm(certain, 3), 0);
}

TEST(MeasureAttention, OfOneCase) {
  AttentionInputs in;
  for (Matrix<double>* m : {&in.x, &in.w_q, &in.w_k, &in.w_v}) {
    m->Resize(2, 2);
    const double identity[] = {1, 0, 0, 1};
    std::copy_n(identity, 4, m->data());
  }
  in.w_q(1, 0) = 2;  // Q = W_q, K = V = 1, S = W_q
  const AttentionSoftmax softmax = {2, 3};
  const AttentionTensors t = AttentionForward(in, softmax);
  Matrix<double> r(2, 2);
  for (size_t i = 0; i < 4; ++i) r.data()[i] = i == 0 ? 1 : 0;
  const AttentionGradients d = AttentionBackward(in, t, softmax, r.view());
  const AttentionStatistics s = MeasureAttention(t, d, softmax);
  EXPECT_DOUBLE_EQ(s.query_variance, 0.5);  // of 1 0 2 1
  EXPECT_DOUBLE_EQ(s.key_variance, 0.25);   // of 1 0 0 1
  EXPECT_DOUBLE_EQ(s.score_variance, 0.5);
  const double slope = std::log(3.0) / 2;
  EXPECT_DOUBLE_EQ(s.logit_variance, 0.5 * slope * slope);
  // Rows of S: 1 0 and 2 1, so the same probabilities p and 1 − p.
  const double p = std::sqrt(3.0) / (std::sqrt(3.0) + 1);
  EXPECT_NEAR(s.largest_probability_mean, p, 4 * kEpsilon);
  EXPECT_EQ(s.saturated_row_fraction, 0);
  EXPECT_NEAR(s.entropy_mean, -p * std::log(p) - (1 - p) * std::log(1 - p),
              8 * kEpsilon);
  EXPECT_NEAR(s.jacobian_norm_mean, 2 * p * (1 - p), 8 * kEpsilon);
  EXPECT_NEAR(s.jacobian_norm_median, 2 * p * (1 - p), 8 * kEpsilon);
  // dP = R Vᵀ = R: row 0 has dS = ± slope p (1 − p), row 1 none.
  const double d_s = slope * p * (1 - p);
  EXPECT_NEAR(s.score_gradient_second_moment, d_s * d_s / 2, 8 * kEpsilon);
  EXPECT_NEAR(s.query_gradient_second_moment, d_s * d_s / 2, 8 * kEpsilon);
  EXPECT_NEAR(s.query_gradient_row_median, d_s * d_s / 2, 8 * kEpsilon);
  // dK = dSᵀ Q = dS_0j (1, 0).
  EXPECT_NEAR(s.key_gradient_second_moment, d_s * d_s / 2, 8 * kEpsilon);
  // dV = Pᵀ R: (p, 1 − p) in the first column.
  EXPECT_NEAR(s.value_gradient_second_moment, (p * p + (1 - p) * (1 - p)) / 4,
              8 * kEpsilon);
}

TEST(AttentionStatisticColumns, NameEachMemberOnce) {
  size_t count = 0;
  AttentionStatistics all;
  for (const AttentionStatisticColumn& column : AttentionStatisticColumns()) {
    EXPECT_EQ(all.*column.value, 0) << column.name;
    all.*column.value = 1;
    ++count;
  }
  EXPECT_EQ(count * sizeof(double), sizeof(AttentionStatistics));
}

}  // namespace
}  // namespace initscope
