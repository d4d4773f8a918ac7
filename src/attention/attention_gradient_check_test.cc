#include "attention/attention_gradient_check.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>

#include "random/variates.h"

namespace initscope {
namespace {

Matrix<double> Draw(size_t rows, size_t cols, uint32_t layer) {
  Matrix<double> out(rows, cols);
  FillVariates(VariateLaw::kNormal, {5, Stream::kAttention, layer}, 0, 0,
               out.view());
  return out;
}

// The tensors that a check calls wrong after `spoil` has touched the gradients.
std::string Wrong(const std::function<void(AttentionGradients*)>& spoil,
                  const AttentionSoftmax& softmax = {1.5, 3}, double gain = 1) {
  AttentionInputs in = {Draw(4, 3, 0), Draw(3, 2, 1), Draw(3, 2, 2),
                        Draw(3, 2, 3)};
  for (Matrix<double>* w : {&in.w_q, &in.w_k, &in.w_v}) {
    for (size_t i = 0; i < w->size(); ++i) w->data()[i] *= gain;
  }
  const Matrix<double> r = Draw(4, 2, 4);
  AttentionGradients d =
      AttentionBackward(in, AttentionForward(in, softmax), softmax, r.view());
  spoil(&d);
  std::string wrong;
  for (const auto& check : CheckAttentionGradients(in, softmax, r.view(), d)) {
    if (!check.ok) wrong += check.name + " ";
  }
  return wrong;
}

TEST(CheckAttentionGradients, NamesTheTensorThatIsWrong) {
  EXPECT_EQ(Wrong([](AttentionGradients*) {}), "");
  const auto scaled = [](Matrix<double> AttentionGradients::*member) {
    return Wrong([&](AttentionGradients* d) {
      Matrix<double>& gradient = d->*member;
      for (size_t i = 0; i < gradient.size(); ++i) gradient.data()[i] *= 1.0001;
    });
  };
  using G = AttentionGradients;
  EXPECT_EQ(scaled(&G::p), "P ");
  EXPECT_EQ(scaled(&G::s), "S ");
  EXPECT_EQ(scaled(&G::q), "Q ");
  EXPECT_EQ(scaled(&G::k), "K ");
  EXPECT_EQ(scaled(&G::v), "V ");
  EXPECT_EQ(scaled(&G::w_q), "W_q ");
  EXPECT_EQ(scaled(&G::w_k), "W_k ");
  EXPECT_EQ(scaled(&G::w_v), "W_v ");
  EXPECT_EQ(scaled(&G::x), "X ");
}

TEST(CheckAttentionGradients, SeesOneEntryAndNaN) {
  EXPECT_EQ(Wrong([](AttentionGradients* d) { d->w_q(2, 1) += 1e-5; }), "W_q ");
  EXPECT_EQ(Wrong([](AttentionGradients* d) {
              d->k(3, 0) = std::numeric_limits<double>::quiet_NaN();
            }),
            "K ");
  EXPECT_EQ(Wrong([](AttentionGradients* d) {
              d->x(0, 0) = std::numeric_limits<double>::infinity();
            }),
            "X ");
}

TEST(CheckAttentionGradients, SaysWhere) {
  const AttentionInputs in = {Draw(4, 3, 0), Draw(3, 2, 1), Draw(3, 2, 2),
                              Draw(3, 2, 3)};
  const Matrix<double> r = Draw(4, 2, 4);
  AttentionGradients d =
      AttentionBackward(in, AttentionForward(in, {}), {}, r.view());
  d.v(2, 1) += 0.5;
  const auto checks = CheckAttentionGradients(in, {}, r.view(), d);
  const TensorGradientCheck& v = checks[4];
  EXPECT_EQ(v.name, "V");
  EXPECT_EQ(v.row, 2u);
  EXPECT_EQ(v.col, 1u);
  EXPECT_NEAR(v.analytic - v.numeric, 0.5, 1e-9);
}

// Also where the softmax is all but one-hot.
TEST(CheckAttentionGradients, HoldsWhereLogitsAreLarge) {
  EXPECT_EQ(Wrong([](AttentionGradients*) {}, {1e-2, 3}), "");
  EXPECT_EQ(Wrong([](AttentionGradients*) {}, {1e-4, 3}), "");
}

// Bases from 1 to the largest, weights from 0 to where S nearly overflows.
TEST(CheckAttentionGradients, HoldsForAnyBaseAndGain) {
  for (const double base : {1 + 0x1p-52, 1.0001, 2.0, 1e4, 1e300, 1.7e308}) {
    for (const double gain : {0.0, 5e-324, 1e-300, 1e-160, 1e-20, 1e-3, 1.0,
                              10.0, 1e3, 1e5, 1e20, 1e100}) {
      for (const double divisor : {1.0, 1e-3, 1e3}) {
        EXPECT_EQ(Wrong([](AttentionGradients*) {}, {divisor, base}, gain), "")
            << "base " << base << " gain " << gain << " divisor " << divisor;
      }
    }
  }
}

TEST(CheckAttentionGradients, SeesWhatIsWrongAtAnyBaseAndGain) {
  const auto scaled = [](Matrix<double> AttentionGradients::*member,
                         double base, double gain) {
    return Wrong(
        [&](AttentionGradients* d) {
          Matrix<double>& gradient = d->*member;
          for (size_t i = 0; i < gradient.size(); ++i) {
            gradient.data()[i] *= 1.01;
          }
        },
        {1, base}, gain);
  };
  using G = AttentionGradients;
  EXPECT_EQ(scaled(&G::w_v, 3, 0), "W_v ");
  EXPECT_EQ(scaled(&G::v, 3, 0), "V ");
  EXPECT_EQ(scaled(&G::p, 1e300, 1), "P ");
  EXPECT_EQ(scaled(&G::s, 1e300, 0.03), "S ");
  EXPECT_EQ(scaled(&G::w_q, 1e300, 0.03), "W_q ");
  EXPECT_EQ(scaled(&G::x, 1e300, 0.03), "X ");
  EXPECT_EQ(scaled(&G::s, 3, 1e-3), "S ");
  EXPECT_EQ(Wrong(
                [](AttentionGradients* d) {
                  d->s(0, 0) = std::numeric_limits<double>::quiet_NaN();
                },
                {1e-20, 1e300}),
            "S ");
}

}  // namespace
}  // namespace initscope
