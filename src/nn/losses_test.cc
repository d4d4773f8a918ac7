#include "nn/losses.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <string_view>
#include <vector>

#include "base/matchers_test.h"
#include "nn/losses_test.h"

namespace initscope {
namespace losses_test {

TEST(Losses, DeltaIsTheDerivativeOfTheValue) {
  const std::vector<double> z = {0.3, -1.7, 2.1, 0.05};
  const std::vector<double> y = {0.1, 0.2, 0.6, 0.1};
  const double h = 1e-6;
  for (const Loss& loss : Losses()) {
    const Evaluated at = Evaluate(loss, z, y);
    for (size_t j = 0; j < z.size(); ++j) {
      std::vector<double> up = z, down = z;
      up[j] += h;
      down[j] -= h;
      const double numeric = (Evaluate(loss, up, y).row.value.ToDouble() -
                              Evaluate(loss, down, y).row.value.ToDouble()) /
                             (2 * h);
      // Rounding eps·|loss|/h ~ 1e-9, truncation h² ~ 1e-12.
      EXPECT_THAT(std::ldexp(at.delta[j], static_cast<int>(at.exponent)),
                  IsNear(numeric, 2e-9))
          << loss.name;
    }
  }
}

TEST(Losses, MatchTheirDefinitions) {
  const std::vector<double> z = {0.3, -1.7, 2.1};
  const std::vector<double> y = {0.25, 0, 0.75};
  const double m = 4;
  const auto sigma = [](double x) { return 1 / (1 + std::exp(-x)); };
  double mse = 0, sigmoid = 0, sum = 0, softmax = 0, probe = 0;
  for (size_t j = 0; j < 3; ++j) {
    mse += (z[j] - y[j]) * (z[j] - y[j]) / (2 * m * 3);
    sigmoid -= (y[j] * std::log(sigma(z[j])) +
                (1 - y[j]) * std::log(1 - sigma(z[j]))) /
               m;
    sum += std::exp(z[j]);
    probe += z[j] * y[j];
  }
  for (size_t j = 0; j < 3; ++j) {
    softmax -= y[j] * std::log(std::exp(z[j]) / sum) / m;
  }
  EXPECT_THAT(Evaluate(Find("mse"), z, y).row.value.ToDouble(),
              IsNear(mse, 1e-15));
  EXPECT_THAT(
      Evaluate(Find("sigmoid_cross_entropy"), z, y).row.value.ToDouble(),
      IsNear(sigmoid, 1e-15));
  EXPECT_THAT(
      Evaluate(Find("softmax_cross_entropy"), z, y).row.value.ToDouble(),
      IsNear(softmax, 1e-15));
  EXPECT_THAT(Evaluate(Find("probe"), z, y).row.value.ToDouble(),
              IsNear(probe, 1e-15));
}

// delta_L is (ŷ − y)/m for the cross-entropies, (ŷ − y)/(mc) for mse; each
// side has a rounding of its own.
TEST(Losses, PredictionsLessTargetsAreDelta) {
  const std::vector<double> y = {0.1, 0.2, 0.6, 0.1};
  for (const double scale : {1.0, 100.0, 1e4}) {
    const std::vector<double> z = {0.3 * scale, -1.7 * scale, 2.1 * scale,
                                   0.05 * scale};
    for (const Loss& loss : Losses()) {
      std::vector<double> predicted(4);
      loss.predict(z.data(), 4, predicted.data());
      const Evaluated at = Evaluate(loss, z, y);
      for (size_t j = 0; j < 4 && loss.name != "probe"; ++j) {
        const double divisor = loss.name == "mse" ? 4 * 4 : 4;
        EXPECT_THAT(std::ldexp(at.delta[j], static_cast<int>(at.exponent)),
                    IsNear((predicted[j] - y[j]) / divisor,
                           1e-15 * std::max(1.0, std::abs(predicted[j]))))
            << loss.name;
      }
      std::vector<double> in_place = z;
      loss.predict(in_place.data(), 4, in_place.data());
      EXPECT_EQ(in_place, predicted) << loss.name;
    }
  }
  const std::vector<double> z = {0, 0};
  std::vector<double> half(2);
  Find("softmax_cross_entropy").predict(z.data(), 2, half.data());
  EXPECT_EQ(half, (std::vector<double>{0.5, 0.5}));
}

TEST(Losses, CrossEntropyIsLabelEntropyPlusKl) {
  const std::vector<double> z = {0.3, -1.7, 2.1, 8};
  const std::vector<double> y = {0.1, 0.2, 0.6, 0.1};
  for (const char* name : {"sigmoid_cross_entropy", "softmax_cross_entropy"}) {
    const LossRow row = Evaluate(Find(name), z, y).row;
    EXPECT_THAT(row.label_entropy + row.kl_divergence,
                IsNear(row.cross_entropy, 1e-14 * row.cross_entropy));
    EXPECT_GT(row.kl_divergence, 0);
    EXPECT_THAT(row.value.ToDouble(), IsNear(row.cross_entropy / 4, 1e-15));
  }
  EXPECT_TRUE(std::isnan(Evaluate(Find("mse"), z, y).row.label_entropy));
}

TEST(Losses, AreRightAndFiniteForHugeLogits) {
  for (double big : {1e4, -1e4, 88.0, -88.0, 750.0}) {
    const std::vector<double> z = {big, 0, 1};
    const std::vector<double> one_hot = {1, 0, 0};
    const Evaluated sigmoid =
        Evaluate(Find("sigmoid_cross_entropy"), z, one_hot, 1);
    const double log1pe = std::log1p(std::exp(-std::abs(big)));
    EXPECT_THAT(sigmoid.row.value.ToDouble(),
                IsNear((big < 0 ? -big : 0) + log1pe + std::log(2.0) +
                           std::log1p(std::exp(1.0)),
                       1e-15 * (std::abs(big) + 4)));
    EXPECT_THAT(sigmoid.delta[0],
                IsNear(big > 0 ? -std::exp(-big) / (1 + std::exp(-big)) : -1,
                       1e-15 * std::exp(-std::max(big, 0.0)) + 1e-300));
    const Evaluated softmax =
        Evaluate(Find("softmax_cross_entropy"), z, one_hot, 1);
    const double rest = 1 + std::exp(1.0);  // of the two other logits
    const double expected = big > 0 ? std::log1p(rest * std::exp(-big))
                                    : -big + std::log(rest + std::exp(big));
    EXPECT_THAT(softmax.row.value.ToDouble(),
                IsNear(expected, 1e-15 * (std::abs(big) + 4)));
    EXPECT_TRUE(std::isfinite(softmax.row.kl_divergence));
    // δ sums to zero, and keeps its relative precision where ŷ ≈ y.
    const double sum =
        std::accumulate(softmax.delta.begin(), softmax.delta.end(), 0.0);
    EXPECT_THAT(sum, IsNear(0, 1e-15 * std::abs(softmax.delta[0])));
  }
}

TEST(Losses, TakeLogitsWithExponents) {
  // 2^2000 is beyond double: the softmax is a step, the loss infinite or 0.
  const std::vector<double> z = {1.5, 1.25, -1};
  const Evaluated right =
      Evaluate(Find("softmax_cross_entropy"), z, {1, 0, 0}, 1, 2000);
  EXPECT_EQ(right.row.value.ToDouble(), 0);
  EXPECT_EQ(right.delta[0], 0);
  const Evaluated wrong =
      Evaluate(Find("softmax_cross_entropy"), z, {0, 1, 0}, 1, 2000);
  EXPECT_TRUE(std::isinf(wrong.row.value.ToDouble()));
  EXPECT_EQ(wrong.delta[0], 1);
  EXPECT_EQ(wrong.delta[1], -1);
  const Evaluated sigmoid =
      Evaluate(Find("sigmoid_cross_entropy"), z, {1, 1, 0}, 1, 2000);
  EXPECT_EQ(sigmoid.row.value.ToDouble(), 0);
  // mse keeps its delta in the logits' exponent.
  const Evaluated mse = Evaluate(Find("mse"), z, {1, 0, 0}, 2, 2000);
  EXPECT_EQ(mse.exponent, 2000);
  EXPECT_THAT(mse.delta[0], IsNear(1.5 / 6, 1e-16));
  // Tiny logits: the target alone is left.
  const Evaluated tiny = Evaluate(Find("mse"), z, {1, 0, 0}, 2, -2000);
  EXPECT_EQ(tiny.exponent, 0);
  EXPECT_THAT(tiny.delta[0], IsNear(-1.0 / 6, 1e-16));
  EXPECT_THAT(Evaluate(Find("softmax_cross_entropy"), z, {1, 0, 0}, 1, -2000)
                  .row.value.ToDouble(),
              IsNear(std::log(3.0), 1e-15));
}

// Of a sample of a batch of one, in long double, whose range is wide enough
// for 10,000 nats: p − y from the parts that do not cancel.
std::vector<long double> ReferenceDelta(std::string_view loss,
                                        const std::vector<double>& z,
                                        const std::vector<double>& y) {
  const size_t c = z.size();
  std::vector<long double> delta(c);
  if (loss == "sigmoid_cross_entropy") {
    for (size_t j = 0; j < c; ++j) {
      const long double up = std::exp(static_cast<long double>(z[j]));
      delta[j] = ((1 - y[j]) * up - y[j]) / (1 + up);
    }
    return delta;
  }
  const auto top =
      static_cast<size_t>(std::max_element(z.begin(), z.end()) - z.begin());
  long double others = 0;
  for (size_t j = 0; j < c; ++j) {
    if (j != top) others += std::exp(static_cast<long double>(z[j]) - z[top]);
  }
  for (size_t j = 0; j < c; ++j) {
    if (j == top) continue;
    delta[j] =
        std::exp(static_cast<long double>(z[j]) - z[top]) / (1 + others) - y[j];
    delta[top] -= delta[j];
  }
  return delta;
}

TEST(Losses, DeltaKeepsItsDigitsBelowTheRangeOfDoubles) {
  for (const char* name : {"softmax_cross_entropy", "sigmoid_cross_entropy"}) {
    for (const double nats : {600.0, 665.0, 670.0, 700.0, 745.5, 800.0, 1e4}) {
      const std::vector<double> z = {-nats - 2, nats / 3, -nats, -nats / 2};
      for (const double other : {0.0, 1e-300, 1e-290, 1e-200}) {
        SCOPED_TRACE(testing::Message() << name << nats << " " << other);
        // Entries that are not right may be 0: a row has one exponent.
        const std::vector<double> y = {other, 1 - 3 * other, other, other};
        const Evaluated at = Evaluate(Find(name), z, y, 1);
        const auto expected = ReferenceDelta(name, z, y);
        long double largest = 0;
        for (long double d : expected) largest = std::max(largest, std::abs(d));
        ASSERT_GT(largest, 0);
        for (size_t j = 0; j < 4; ++j) {
          const long double found = std::ldexp(
              static_cast<long double>(at.delta[j]), int(at.exponent));
          // The logits' own rounding, and what a cut at 2^-60 leaves.
          EXPECT_LE(std::abs(found - expected[j]) / largest,
                    2 * nats * 2.3e-16 + 1e-17)
              << j;
        }
      }
    }
  }
}

TEST(Losses, DeltaIsNeverZeroWhereItsExponentFits) {
  // 2^52 is a distance of 0.5·2^53 between the first two.
  for (const int64_t e : {9, 10, 12, 30, 52, 57}) {
    const Evaluated at =
        Evaluate(Find("softmax_cross_entropy"), {1.5, 1, -1}, {1, 0, 0}, 4, e);
    const double nats = 0.5 * std::ldexp(1.0, int(e));
    EXPECT_THAT(std::log2(-at.delta[0]) + double(at.exponent),
                IsNear(-nats / std::numbers::ln2 - 2, 1e-15 * nats + 1e-12));
    EXPECT_EQ(at.delta[0], -at.delta[1] - at.delta[2]);
  }
  // Beyond, it is 0, and so is the loss.
  const Evaluated at =
      Evaluate(Find("softmax_cross_entropy"), {1.5, 1, -1}, {1, 0, 0}, 4, 60);
  EXPECT_EQ(at.delta, (std::vector<double>{0, 0, 0}));
  EXPECT_EQ(at.exponent, 0);
}

TEST(Losses, ValuesGoBeyondTheRangeOfDoubles) {
  const std::vector<double> z = {1.5, 1.25, -1};
  const Evaluated mse = Evaluate(Find("mse"), z, {1, 0, 0}, 2, 2000);
  EXPECT_THAT(mse.row.value.Log10(),
              IsNear(std::log10(4.8125 / 12) + 4000 * std::log10(2.0), 1e-12));
  const Evaluated probe = Evaluate(Find("probe"), z, {1, -2, 2}, 2, 2000);
  EXPECT_EQ(probe.row.value.value, -3);
  EXPECT_EQ(probe.row.value.exponent, 2000);
}

TEST(Losses, SoftmaxIsInvariantToAShift) {
  const std::vector<double> z = {0.3, -1.7, 2.1}, y = {0, 1, 0};
  std::vector<double> shifted = z;
  for (double& v : shifted) v += 512;  // exact enough: ulp(512) = 1e-13
  const Evaluated a = Evaluate(Find("softmax_cross_entropy"), z, y);
  const Evaluated b = Evaluate(Find("softmax_cross_entropy"), shifted, y);
  EXPECT_THAT(a.row.value.ToDouble(), IsNear(b.row.value.ToDouble(), 1e-12));
}

TEST(Losses, DrawTheirTargets) {
  constexpr size_t kRows = 20000, kOutputs = 5;
  for (const Loss& loss : Losses()) {
    std::vector<double> mean(kOutputs, 0);
    double squares = 0;
    for (uint32_t row = 0; row < kRows; ++row) {
      std::vector<double> y(kOutputs);
      loss.draw(3, row, kOutputs, y.data());
      double sum = 0;
      for (size_t j = 0; j < kOutputs; ++j) {
        mean[j] += y[j] / kRows;
        squares += y[j] * y[j] / (kRows * kOutputs);
        sum += y[j];
        if (loss.name == "sigmoid_cross_entropy") {
          EXPECT_TRUE(y[j] == 0 || y[j] == 1);
        }
      }
      if (loss.name == "softmax_cross_entropy") {
        EXPECT_EQ(sum, 1);
      }
    }
    const bool normal = loss.name == "mse" || loss.name == "probe";
    const double expected = normal                                 ? 0
                            : loss.name == "softmax_cross_entropy" ? 0.2
                                                                   : 0.5;
    // Five standard errors of a mean of 20,000 draws of variance ≤ 1.
    for (double value : mean) {
      EXPECT_THAT(value, IsNear(expected, 5 / std::sqrt(kRows * 1.0)));
    }
    if (normal) {
      EXPECT_THAT(squares, IsNear(1, 5 * std::sqrt(2.0 / (kRows * kOutputs))));
    }
  }
}

}  // namespace losses_test
}  // namespace initscope
