#include "nn/trained_weights.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/targets_test.h"
#include "linalg/batches_test.h"

namespace initscope {
namespace trained_weights_test {

template <typename T>
MeasuredBatch<T> Measured(const ScaledMatrix<T>& from) {
  MeasuredBatch<T> batch;
  Measure(from, 1, &batch);
  return batch;
}

template <typename T>
Matrix<T> CopyOf(const Matrix<T>& from) {
  Matrix<T> to(from.rows(), from.cols());
  std::copy_n(from.data(), from.size(), to.data());
  return to;
}

// One layer with a batch of activations and gradients, and what each step of
// descent should leave, in plain loops of doubles.
template <typename T>
class Layer {
 public:
  Layer(size_t batch, size_t fan_in, size_t fan_out)
      : x_(DrawNormal<T>(batch, fan_in, 1)),
        delta_(DrawNormal<T>(batch, fan_out, 2, 0.1)),
        w_(DrawNormal<T>(fan_in, fan_out, 3).mantissa),
        b_(fan_out, T(0.5)),
        weights_(CopyOf(w_), b_),
        v_(fan_in, fan_out),
        b_v_(fan_out, 0.0) {
    for (size_t i = 0; i < w_.size(); ++i) v_.data()[i] = 0;
  }

  void Step(const DescentRule& rule, size_t jobs) {
    const MeasuredBatch<T> x = Measured(x_), delta = Measured(delta_);
    ScaledMatrix<double> db;
    db.Resize(1, delta_.cols());
    for (size_t j = 0; j < delta_.cols(); ++j) {
      double sum = 0;
      for (size_t s = 0; s < delta_.rows(); ++s) sum += delta_.mantissa(s, j);
      db.mantissa(0, j) = sum;
      Move(sum, rule, &b_v_[j], &b_[j]);
    }
    GradientScratch<T> scratch;
    weights_.Descend(x, delta, db, rule, jobs, &scratch);
    for (size_t i = 0; i < w_.rows(); ++i) {
      for (size_t j = 0; j < w_.cols(); ++j) {
        double dw = 0;
        for (size_t s = 0; s < x_.rows(); ++s) {
          dw += double{x_.mantissa(s, i)} * delta_.mantissa(s, j);
        }
        Move(dw, rule, &v_(i, j), &w_(i, j));
      }
    }
  }

  // Entries are of order 1 and a step's sums of `batch` terms of order 0.3:
  // each loses at most batch·eps times their magnitudes.
  void Check(int steps) const {
    const double bound = 2.0 * steps * static_cast<double>(x_.rows() + 8) *
                         std::numeric_limits<T>::epsilon();
    for (size_t i = 0; i < w_.size(); ++i) {
      ASSERT_NEAR(weights_.weights().data()[i], w_.data()[i], bound) << i;
    }
    for (size_t j = 0; j < b_.size(); ++j) {
      ASSERT_NEAR((*weights_.bias())[j], b_[j], bound) << j;
    }
  }

  // The packed copy that products read is W itself.
  void CheckProducts() {
    const PackedBatch<T> x = Packed(x_);
    PackedWeights<T> fresh;
    fresh.Resize(w_.rows(), w_.cols());
    fresh.SetRows(0, weights_.weights().view());
    PackedBatch<T> out, expected;
    out.Resize(x_.rows(), w_.cols());
    expected.Resize(x_.rows(), w_.cols());
    const ProductJob<T> products[] = {{&x, &out}, {&x, &expected}};
    weights_.Forward({&products[0], 1}, 2);
    MultiplyAll<T>(&fresh, {&products[1], 1}, 1);
    for (size_t p = 0; p < out.panels(); ++p) {
      for (size_t k = 0; k < out.units() * out.width(); ++k) {
        ASSERT_EQ(out.panel(p)[k], expected.panel(p)[k]);
      }
    }
  }

  const TrainedWeights<T>& weights() const { return weights_; }

 private:
  static void Move(double gradient, const DescentRule& rule, double* v, T* w) {
    *v = rule.momentum * *v + gradient + rule.weight_decay * *w;
    *w = static_cast<T>(*w - rule.learning_rate * *v);
  }

  ScaledMatrix<T> x_, delta_;
  Matrix<T> w_;
  std::vector<T> b_;
  TrainedWeights<T> weights_;
  Matrix<double> v_;
  std::vector<double> b_v_;
};

template <typename T>
class TrainedWeightsOf : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(TrainedWeightsOf, Types);

TYPED_TEST(TrainedWeightsOf, DescendLikePlainLoops) {
  constexpr DescentRule kRules[] = {
      {0.1, 0, 0}, {0.1, 0.9, 0}, {0.05, 0, 0.3}, {0.05, 0.5, 0.2}};
  OnEveryTarget([&] {
    size_t rule = 0;
    for (const auto& [batch, fan_in, fan_out] : {std::array<size_t, 3>{1, 1, 1},
                                                 {17, 13, 5},
                                                 {40, 200, 33},
                                                 {9, 33, 210},
                                                 {200, 65, 64}}) {
      Layer<TypeParam> layer(batch, fan_in, fan_out);
      for (int step = 0; step < 3; ++step) layer.Step(kRules[rule % 4], 2);
      layer.Check(3);
      layer.CheckProducts();
      if (testing::Test::HasFatalFailure()) return;
      ++rule;
    }
  });
}

TEST(TrainedWeights, JobsChangeNoBit) {
  Layer<float> one(50, 300, 70), two(50, 300, 70);
  for (int step = 0; step < 2; ++step) {
    one.Step({0.1, 0.9, 0.01}, 1);
    two.Step({0.1, 0.9, 0.01}, 2);
  }
  const Matrix<float>& a = one.weights().weights();
  for (size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(a.data()[i], two.weights().weights().data()[i]);
  }
}

TEST(TrainedWeights, TellWhatIsNotFinite) {
  Matrix<float> w(3, 5);
  std::fill_n(w.data(), w.size(), 1e38f);
  EXPECT_TRUE(TrainedWeights<float>(CopyOf(w), {0, 0, 0, 0, 0}).IsFinite());
  EXPECT_FALSE(TrainedWeights<float>(CopyOf(w), {0, 0, NAN, 0, 0}).IsFinite());
  w(2, 4) = -INFINITY;
  EXPECT_FALSE(TrainedWeights<float>(CopyOf(w), {0, 0, 0, 0, 0}).IsFinite());
}

}  // namespace trained_weights_test
}  // namespace initscope
