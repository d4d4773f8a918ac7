#include "attention/attention.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <tuple>
#include <vector>

#include "attention/attention_gradient_check.h"
#include "random/variates.h"

namespace initscope {
namespace {

using Real = long double;
constexpr double kEps = std::numeric_limits<double>::epsilon();

Matrix<double> Draw(size_t rows, size_t cols, uint32_t layer, double scale) {
  Matrix<double> out(rows, cols);
  FillVariates(VariateLaw::kNormal, {3, Stream::kAttention, layer}, 0, 0,
               out.view());
  for (size_t i = 0; i < out.size(); ++i) out.data()[i] *= scale;
  return out;
}

struct Shape {
  size_t tokens, d_model, d_k, d_v;
};

AttentionInputs DrawInputs(const Shape& s, double scale = 1) {
  return {Draw(s.tokens, s.d_model, 0, scale), Draw(s.d_model, s.d_k, 1, 1),
          Draw(s.d_model, s.d_k, 2, 1), Draw(s.d_model, s.d_v, 3, 1)};
}

// The reference: plain loops in long double.
struct Plain {
  size_t rows = 0, cols = 0;
  std::vector<Real> entries;
  Plain(size_t r, size_t c) : rows(r), cols(c), entries(r * c, 0) {}
  explicit Plain(const Matrix<double>& a) : Plain(a.rows(), a.cols()) {
    for (size_t i = 0; i < entries.size(); ++i) entries[i] = a.data()[i];
  }
  Real& operator()(size_t i, size_t j) { return entries[i * cols + j]; }
  Real operator()(size_t i, size_t j) const { return entries[i * cols + j]; }
};

Plain Times(const Plain& a, const Plain& b) {
  Plain out(a.rows, b.cols);
  for (size_t i = 0; i < a.rows; ++i) {
    for (size_t j = 0; j < b.cols; ++j) {
      for (size_t k = 0; k < a.cols; ++k) out(i, j) += a(i, k) * b(k, j);
    }
  }
  return out;
}

Plain Transposed(const Plain& a) {
  Plain out(a.cols, a.rows);
  for (size_t i = 0; i < a.rows; ++i) {
    for (size_t j = 0; j < a.cols; ++j) out(j, i) = a(i, j);
  }
  return out;
}

Plain Plus(Plain a, const Plain& b) {
  for (size_t i = 0; i < a.entries.size(); ++i) a.entries[i] += b.entries[i];
  return a;
}

Plain SoftmaxOf(const Plain& s, const AttentionSoftmax& softmax) {
  Plain p(s.rows, s.cols);
  for (size_t i = 0; i < s.rows; ++i) {
    for (size_t j = 0; j < s.cols; ++j) {
      // One over the sum of ratios: its own way to be safe.
      Real sum = 0;
      for (size_t k = 0; k < s.cols; ++k) {
        sum += std::pow(Real(softmax.base),
                        (s(i, k) - s(i, j)) / Real(softmax.divisor));
      }
      p(i, j) = 1 / sum;
    }
  }
  return p;
}

// From the full Jacobian ∂P_ij/∂S_ik = (ln b/s) P_ij (δ_jk − P_ik).
Plain SoftmaxBackward(const Plain& p, const Plain& d_p,
                      const AttentionSoftmax& softmax) {
  Plain d_s(p.rows, p.cols);
  const Real slope = std::log(Real(softmax.base)) / Real(softmax.divisor);
  for (size_t i = 0; i < p.rows; ++i) {
    for (size_t j = 0; j < p.cols; ++j) {
      for (size_t k = 0; k < p.cols; ++k) {
        d_s(i, k) += d_p(i, j) * slope * p(i, j) * (Real(j == k) - p(i, k));
      }
    }
  }
  return d_s;
}

// The chain of at most four products and a softmax, each of whose sums has at
// most `terms` terms of the size of the largest entry, which is grown by the
// products' own sizes: far below what a wrong formula would change.
void ExpectNear(const char* name, const Matrix<double>& out, const Plain& real,
                double terms) {
  ASSERT_EQ(out.rows(), real.rows) << name;
  ASSERT_EQ(out.cols(), real.cols) << name;
  Real largest = 0;
  for (Real entry : real.entries) largest = std::max(largest, std::abs(entry));
  for (size_t i = 0; i < out.size(); ++i) {
    const Real error = std::abs(out.data()[i] - real.entries[i]);
    EXPECT_TRUE(!!(error <= terms * kEps * largest))
        << name << " entry " << i << ": " << out.data()[i] << ", should be "
        << static_cast<double>(real.entries[i]);
  }
}

class Attention
    : public testing::TestWithParam<std::tuple<Shape, AttentionSoftmax>> {};

TEST_P(Attention, IsThePlainLoops) {
  const auto& [shape, softmax] = GetParam();
  const AttentionInputs in = DrawInputs(shape);
  const AttentionTensors t = AttentionForward(in, softmax);
  const Matrix<double> r = Draw(shape.tokens, shape.d_v, 4, 1);
  const AttentionGradients d = AttentionBackward(in, t, softmax, r.view());

  const Plain x(in.x), w_q(in.w_q), w_k(in.w_k), w_v(in.w_v), d_o(r);
  const Plain q = Times(x, w_q), k = Times(x, w_k), v = Times(x, w_v);
  const Plain s = Times(q, Transposed(k)), p = SoftmaxOf(s, softmax);
  const Plain d_p = Times(d_o, Transposed(v));
  const Plain d_s = SoftmaxBackward(p, d_p, softmax);
  const Plain d_q = Times(d_s, k), d_k = Times(Transposed(d_s), q);
  const Plain d_v = Times(Transposed(p), d_o);
  const Plain through_s =
      Plus(Times(d_q, Transposed(w_q)), Times(d_k, Transposed(w_k)));

  // Products round once per term and the softmax carries the error of S, of
  // size S·ln b/s·eps, into all that follows; its own sizes stay within the
  // product of the inner dimensions.
  Real exponent = 1;
  for (Real entry : s.entries) {
    exponent = std::max(
        exponent, std::abs(entry) * std::log(softmax.base) / softmax.divisor);
  }
  const double terms = static_cast<double>(
      32 * exponent * (shape.tokens + shape.d_model + shape.d_k + shape.d_v));
  ExpectNear("Q", t.q, q, terms);
  ExpectNear("K", t.k, k, terms);
  ExpectNear("V", t.v, v, terms);
  ExpectNear("S", t.s, s, terms);
  ExpectNear("P", t.p, p, terms);
  ExpectNear("O", t.o, Times(p, v), terms);
  ExpectNear("dP", d.p, d_p, terms);
  ExpectNear("dS", d.s, d_s, terms);
  ExpectNear("dQ", d.q, d_q, terms);
  ExpectNear("dK", d.k, d_k, terms);
  ExpectNear("dV", d.v, d_v, terms);
  ExpectNear("dW_q", d.w_q, Times(Transposed(x), d_q), terms);
  ExpectNear("dW_k", d.w_k, Times(Transposed(x), d_k), terms);
  ExpectNear("dW_v", d.w_v, Times(Transposed(x), d_v), terms);
  ExpectNear("dX through S", d.x_through_s, through_s, terms);
  ExpectNear("dX", d.x, Plus(through_s, Times(d_v, Transposed(w_v))), terms);
}

TEST_P(Attention, GradientsAreCentralDifferences) {
  const auto& [shape, softmax] = GetParam();
  const AttentionInputs in = DrawInputs(shape, 0.5);
  const AttentionTensors t = AttentionForward(in, softmax);
  const Matrix<double> r = Draw(shape.tokens, shape.d_v, 4, 1);
  const auto checks = CheckAttentionGradients(
      in, softmax, r.view(), AttentionBackward(in, t, softmax, r.view()));
  ASSERT_EQ(checks.size(), 9u);
  for (const TensorGradientCheck& check : checks) {
    EXPECT_TRUE(check.ok) << check.name << " (" << check.row << ", "
                          << check.col << "): " << check.analytic << ", not "
                          << check.numeric << " ± " << check.bound;
    // One token attends to itself whatever its logit is; else the bound must
    // be able to tell a gradient from a wrong one.
    if (check.largest > 0) {
      EXPECT_LT(check.bound, 1e-3 * check.largest) << check.name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, Attention,
    testing::Combine(testing::Values(Shape{4, 3, 3, 2}, Shape{1, 2, 3, 1},
                                     Shape{5, 1, 1, 3}, Shape{2, 7, 4, 4},
                                     Shape{9, 5, 2, 3}),
                     testing::Values(AttentionSoftmax{1, std::numbers::e},
                                     AttentionSoftmax{2, 3},
                                     AttentionSoftmax{0.75, 1.25})));

TEST(AttentionSoftmaxRow, ExactWherePowersAre) {
  const double s[] = {6, 2, 2, 4};
  double p[4];
  AttentionSoftmaxRow(s, 4, {2, 3}, p);
  EXPECT_DOUBLE_EQ(p[0], 9.0 / 14);
  EXPECT_DOUBLE_EQ(p[1], 1.0 / 14);
  EXPECT_DOUBLE_EQ(p[3], 3.0 / 14);
  EXPECT_EQ(p[1], p[2]);
}

TEST(AttentionSoftmaxRow, SaturatesWithoutNaN) {
  for (const AttentionSoftmax& softmax :
       {AttentionSoftmax{}, AttentionSoftmax{1, 3}, AttentionSoftmax{1e-3, 2},
        AttentionSoftmax{1, 1e100}}) {
    const double rows[][3] = {
        {1e4, -1e4, 0}, {-1e4, -1e4, -1e4}, {1e308, -1e308, 1e308}};
    const double expected[][3] = {
        {1, 0, 0}, {1.0 / 3, 1.0 / 3, 1.0 / 3}, {0.5, 0, 0.5}};
    for (size_t i = 0; i < 3; ++i) {
      double p[3], d_s[3];
      AttentionSoftmaxRow(rows[i], 3, softmax, p);
      const double d_p[] = {3, -2, 5};
      AttentionSoftmaxRowBackward(p, d_p, 3, softmax, d_s);
      for (size_t j = 0; j < 3; ++j) {
        EXPECT_EQ(p[j], expected[i][j]) << i << ", " << j;
        EXPECT_TRUE(std::isfinite(d_s[j])) << i << ", " << j;
        if (i == 0) {
          EXPECT_EQ(d_s[j], 0);
        }
      }
    }
  }
}

// A nearly saturated row: dS is 1e-20 of dP, all digits of it right.
TEST(AttentionSoftmaxRowBackward, KeepsTheDigitsOfSmallGradients) {
  const double s[] = {0, -46, -50};
  const double d_p[] = {1.7, 0.3, -2.9};
  double p[3], d_s[3];
  AttentionSoftmaxRow(s, 3, {}, p);
  AttentionSoftmaxRowBackward(p, d_p, 3, {}, d_s);
  const Real p1 = std::exp(Real(-46)), p2 = std::exp(Real(-50));
  const Real sum = 1 + p1 + p2;
  // dS_0 = p_0 Σ_k p_k (dP_0 − dP_k): no 1 − p_0 in it.
  const Real d_0 =
      (p1 * (Real(1.7) - Real(0.3)) + p2 * (Real(1.7) - Real(-2.9))) /
      (sum * sum);
  EXPECT_LT(std::abs(d_s[0] / static_cast<double>(d_0) - 1), 100 * kEps);
  EXPECT_LT(d_s[0], 1e-19);
  EXPECT_GT(d_s[0], 0);
}

}  // namespace
}  // namespace initscope
