// Cross-entropy = label entropy + KL divergence, and what follows: the label
// entropy has no logits in it, so the other two have the same gradient.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/matchers_test.h"
#include "nn/losses_test.h"

namespace initscope {
namespace label_entropy_test {

constexpr double kEps = 0x1p-52;
constexpr size_t kSamples = 3;  // m: delta is the gradient of value = CE/m

const char* const kCrossEntropies[] = {"sigmoid_cross_entropy",
                                       "softmax_cross_entropy"};

// A one-hot target mixed with the uniform distribution, as label_smoothing
// does.
std::vector<double> SmoothedTarget(const Loss& loss, size_t outputs,
                                   size_t label, double smoothing) {
  const double uniform =
      loss.bernoulli ? 0.5 : 1 / static_cast<double>(outputs);
  std::vector<double> y(outputs, smoothing * uniform);
  y[label] += 1 - smoothing;
  return y;
}

struct Case {
  const Loss* loss;
  std::vector<double> z, y;
};

std::vector<Case> Cases() {
  const std::vector<std::vector<double>> logits = {
      {0.3, -1.7},
      {0, 0, 0},
      {0.3, -1.7, 2.1, 0.05},
      {-6, 5, 0.5, -0.5, 3, 1, -2, 4, 0, -1}};
  std::vector<Case> cases;
  for (const char* name : kCrossEntropies) {
    const Loss& loss = Find(name);
    for (const auto& z : logits) {
      for (double smoothing : {0.0, 1e-3, 0.1, 0.5, 1.0}) {
        cases.push_back(
            {&loss, z,
             SmoothedTarget(loss, z.size(), z.size() / 2, smoothing)});
      }
    }
  }
  return cases;
}

// What central differences of a sum of 2c terms leave, relative to the
// gradient of the sample's own cross-entropy.
//
// Rounding: both values are off by (2c + 4) eps of their terms, which are at
// most H(y, ŷ) + H(y) ≤ 2 H(y, ŷ) in all. Truncation: h²/6 of the third
// derivative, which is ŷ's and below 1/8.
double DifferenceError(const LossRow& row, size_t outputs, double h) {
  const double terms = static_cast<double>(2 * outputs + 4);
  return terms * kEps * 2 * row.cross_entropy / h + h * h / 48;
}

// The derivative of one field of LossRow in logit j.
double Slope(const Case& at, double LossRow::*field, size_t j, double h) {
  std::vector<double> up = at.z, down = at.z;
  up[j] += h;
  down[j] -= h;
  return (Evaluate(*at.loss, up, at.y, kSamples).row.*field -
          Evaluate(*at.loss, down, at.y, kSamples).row.*field) /
         (2 * h);
}

TEST(LabelEntropy, PlusKlIsTheCrossEntropy) {
  for (const Case& at : Cases()) {
    const LossRow row = Evaluate(*at.loss, at.z, at.y, kSamples).row;
    const double terms = static_cast<double>(2 * at.z.size() + 4);
    EXPECT_THAT(row.label_entropy + row.kl_divergence,
                IsNear(row.cross_entropy,
                       terms * kEps * (row.cross_entropy + row.label_entropy)))
        << at.loss->name;
    EXPECT_GE(row.kl_divergence, -terms * kEps * row.cross_entropy);
  }
}

TEST(LabelEntropy, KlAndCrossEntropyHaveTheGradientDelta) {
  constexpr double h = 0x1p-17;  // near eps^(1/3): both errors are small
  for (const Case& at : Cases()) {
    const Evaluated here = Evaluate(*at.loss, at.z, at.y, kSamples);
    ASSERT_EQ(here.exponent, 0);
    const double error = DifferenceError(here.row, at.z.size(), h);
    for (size_t j = 0; j < at.z.size(); ++j) {
      const double gradient = kSamples * here.delta[j];
      EXPECT_THAT(Slope(at, &LossRow::kl_divergence, j, h),
                  IsNear(gradient, error))
          << at.loss->name << " logit " << j;
      EXPECT_THAT(Slope(at, &LossRow::cross_entropy, j, h),
                  IsNear(gradient, error))
          << at.loss->name << " logit " << j;
      EXPECT_EQ(Slope(at, &LossRow::label_entropy, j, h), 0);
    }
  }
}

TEST(LabelEntropy, KlIsZeroWhereThePredictionIsTheTarget) {
  // ŷ = y for z = log y (softmax) and z = log(y/(1−y)) (sigmoid).
  const std::vector<double> y = {0.1, 0.2, 0.6, 0.1};
  for (const char* name : kCrossEntropies) {
    const Loss& loss = Find(name);
    std::vector<double> z(y.size());
    std::transform(y.begin(), y.end(), z.begin(), [&](double p) {
      return loss.bernoulli ? std::log(p / (1 - p)) : std::log(p);
    });
    const Evaluated here = Evaluate(loss, z, y, kSamples);
    // Rounded logits are off by eps of themselves, at most 2.4, and KL by
    // the square of that: what is left are the roundings of its terms.
    const double terms = static_cast<double>(2 * y.size() + 4);
    EXPECT_THAT(here.row.kl_divergence,
                IsNear(0, terms * kEps * 2 * here.row.label_entropy));
    for (double d : here.delta) EXPECT_THAT(d, IsNear(0, 4 * kEps));
  }
}

}  // namespace label_entropy_test
}  // namespace initscope
