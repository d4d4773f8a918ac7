// Two classes: softmax over (β0, β1) is the sigmoid of β1 − β0.

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/matchers_test.h"
#include "nn/losses_test.h"

namespace initscope {
namespace binary_heads_test {

constexpr double kEps = 0x1p-52;
constexpr size_t kSamples = 5;  // m

struct Heads {
  Evaluated softmax, sigmoid;
  double logit;  // β1 − β0
};

// Both heads at the same target: y is the probability of class 1.
Heads Evaluate(double beta0, double beta1, double y) {
  return {
      Evaluate(Find("softmax_cross_entropy"), {beta0, beta1}, {1 - y, y},
               kSamples),
      Evaluate(Find("sigmoid_cross_entropy"), {beta1 - beta0}, {y}, kSamples),
      beta1 - beta0};
}

// Calls check(heads, message) over logits of all sizes and targets.
template <typename Check>
void ForAllHeads(const Check& check) {
  const std::vector<double> betas = {-800, -30, -2.5, -0.3, 0,
                                     1e-9, 0.7, 4,    40,   900};
  for (double beta0 : betas) {
    for (double beta1 : betas) {
      for (double y : {0.0, 1.0, 0.5, 0.05, 0.975}) {
        SCOPED_TRACE(testing::Message()
                     << "β = (" << beta0 << ", " << beta1 << "), y = " << y);
        check(Evaluate(beta0, beta1, y));
      }
    }
  }
}

// The loss is at most |β1 − β0| + log 2; each of its few terms is rounded.
TEST(BinaryHeads, HaveTheSameValue) {
  ForAllHeads([](const Heads& heads) {
    const double tolerance = 8 * kEps * (std::abs(heads.logit) + 1);
    const LossRow &a = heads.softmax.row, &b = heads.sigmoid.row;
    EXPECT_THAT(a.value.ToDouble(), IsNear(b.value.ToDouble(), tolerance));
    EXPECT_THAT(a.cross_entropy, IsNear(b.cross_entropy, tolerance));
    EXPECT_THAT(a.kl_divergence, IsNear(b.kl_divergence, tolerance));
    EXPECT_THAT(a.label_entropy, IsNear(b.label_entropy, tolerance));
  });
}

// ∂ℓ/∂β1 = d and ∂ℓ/∂β0 = −d with d = (σ(β1 − β0) − y)/m; ŷ and y are at
// most 1, and each is rounded a few times.
TEST(BinaryHeads, HaveTheSameGradient) {
  ForAllHeads([](const Heads& heads) {
    const double tolerance = 8 * kEps / kSamples;
    const double d = heads.sigmoid.PlainDelta(0);
    EXPECT_THAT(heads.softmax.PlainDelta(1), IsNear(d, tolerance));
    EXPECT_THAT(heads.softmax.PlainDelta(0), IsNear(-d, tolerance));
  });
}

// A one-hot target's gradient keeps its digits however small it is.
TEST(BinaryHeads, HaveTheSameGradientToTheLastDigitsForOneHotTargets) {
  for (double beta : {-40.0, -5.0, 0.1, 5.0, 40.0}) {
    for (double y : {0.0, 1.0}) {
      const Heads heads = Evaluate(0, beta, y);
      const double d = heads.sigmoid.delta[0];
      // exp of a logit that is off by eps of itself.
      const double tolerance = 8 * kEps * (1 + std::abs(beta)) * std::abs(d);
      EXPECT_THAT(heads.softmax.delta[1], IsNear(d, tolerance));
      EXPECT_THAT(heads.softmax.delta[0], IsNear(-d, tolerance));
    }
  }
}

// The direction too many: softmax's gradient along (1, 1) is zero, and so is
// the change of its value there.
TEST(BinaryHeads, SoftmaxHasNoGradientAlongOneOne) {
  ForAllHeads([](const Heads& heads) {
    const auto& delta = heads.softmax.delta;
    EXPECT_THAT(delta[0] + delta[1], IsNear(0, 8 * kEps / kSamples));
  });
  const double here = Evaluate(0.25, -1.5, 1).softmax.row.value.ToDouble();
  for (double shift : {-16.0, 0.5, 1024.0}) {  // exact in binary
    EXPECT_EQ(
        Evaluate(0.25 + shift, -1.5 + shift, 1).softmax.row.value.ToDouble(),
        here);
  }
}

}  // namespace binary_heads_test
}  // namespace initscope
