#include "random/orthogonal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "base/matchers_test.h"

namespace initscope {
namespace orthogonal_test {

constexpr double kEps = std::numeric_limits<double>::epsilon();

struct Shape {
  size_t rows;
  size_t cols;
};
constexpr Shape kShapes[] = {{1, 1},   {1, 5},   {5, 1},   {2, 5},    {5, 2},
                             {16, 16}, {33, 17}, {17, 33}, {128, 128}};

std::string Text(const Shape& shape) {
  return std::to_string(shape.rows) + " x " + std::to_string(shape.cols);
}

template <typename T>
Matrix<T> Draw(uint64_t seed, const Shape& shape) {
  Matrix<T> out(shape.rows, shape.cols);
  FillOrthogonal({seed, Stream::kWeights, 2}, out.view());
  return out;
}

// The columns of `x`, or its rows, in long double.
std::vector<std::vector<long double>> Vectors(const Matrix<double>& x,
                                              bool rows) {
  std::vector<std::vector<long double>> out(rows ? x.rows() : x.cols());
  for (size_t i = 0; i < x.rows(); ++i) {
    for (size_t j = 0; j < x.cols(); ++j) {
      out[rows ? i : j].push_back(x(i, j));
    }
  }
  return out;
}

long double Dot(const std::vector<long double>& a,
                const std::vector<long double>& b) {
  long double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// The Q whose R has a positive diagonal, by Gram-Schmidt, which makes it so;
// orthogonalized twice, in long double, times √length.
std::vector<std::vector<long double>> GramSchmidt(
    std::vector<std::vector<long double>> vectors) {
  for (size_t k = 0; k < vectors.size(); ++k) {
    std::vector<long double>& v = vectors[k];
    for (int pass = 0; pass < 2; ++pass) {
      for (size_t j = 0; j < k; ++j) {
        const std::vector<long double>& q = vectors[j];
        const long double dot = Dot(v, q) / static_cast<long double>(v.size());
        for (size_t i = 0; i < v.size(); ++i) v[i] -= dot * q[i];
      }
    }
    const long double scale =
        std::sqrt(static_cast<long double>(v.size()) / Dot(v, v));
    for (long double& e : v) e *= scale;
  }
  return vectors;
}

// Householder's Q is orthogonal to m·n·ε up to a small constant, whatever the
// condition (Higham, Accuracy and Stability, theorem 19.4: γ of m·n in the
// Frobenius norm, on the whole a factor √(mn) too much); the entries of QᵀQ
// are here of size max(rows, cols).
TEST(FillOrthogonal, HasOrthogonalRowsOrColumns) {
  for (const Shape& shape : kShapes) {
    for (const uint64_t seed : {0, 1, 2}) {
      const bool wide = shape.rows < shape.cols;
      const auto vectors = Vectors(Draw<double>(seed, shape), wide);
      const double tall = static_cast<double>(std::max(shape.rows, shape.cols));
      const double thin = static_cast<double>(std::min(shape.rows, shape.cols));
      const double tolerance = tall * (tall * thin * kEps);
      for (size_t i = 0; i < vectors.size(); ++i) {
        for (size_t j = 0; j <= i; ++j) {
          EXPECT_THAT(Dot(vectors[i], vectors[j]),
                      IsNear(i == j ? tall : 0.0, tolerance))
              << Text(shape) << " (" << i << ", " << j << ")";
        }
      }
    }
  }
}

TEST(FillOrthogonal, HasEntriesOfVarianceOne) {
  for (const Shape& shape : kShapes) {
    const Matrix<double> q = Draw<double>(3, shape);
    long double sum = 0;
    for (size_t i = 0; i < q.size(); ++i) {
      sum += static_cast<long double>(q.data()[i]) * q.data()[i];
    }
    // The mean of the diagonal above, with its error.
    const double size = static_cast<double>(q.size());
    EXPECT_THAT(sum / size, IsNear(1.0, size * kEps)) << Text(shape);
  }
}

// Q is the Q of the normal draw, of its transpose where rows < cols. Two Qs of
// the same matrix differ by its condition number times ε·m·n; among these
// draws the worst condition is that of 128 x 128, below 10^4 with seed 4.
TEST(FillOrthogonal, IsTheQOfTheNormalDraw) {
  for (const Shape& shape : kShapes) {
    const VariateSource source = {4, Stream::kWeights, 2};
    Matrix<double> normal(shape.rows, shape.cols);
    FillVariates(VariateLaw::kNormal, source, 0, 0, normal.view());
    const bool wide = shape.rows < shape.cols;
    const auto expected = GramSchmidt(Vectors(normal, wide));
    const auto actual = Vectors(Draw<double>(4, shape), wide);
    const double tolerance = 1e4 * static_cast<double>(normal.size()) * kEps;
    for (size_t k = 0; k < expected.size(); ++k) {
      for (size_t i = 0; i < expected[k].size(); ++i) {
        EXPECT_THAT(actual[k][i], IsNear(expected[k][i], tolerance))
            << Text(shape) << " vector " << k << " entry " << i;
      }
    }
  }
}

// Under Haar's measure every entry has mean 0 and, here, variance 1; without
// the signs of R, Householder's Q_00 would always have the sign that is
// opposite to the draw's, and Q_nn another law. Standard error 1/√seeds.
TEST(FillOrthogonal, HasNoPreferredSign) {
  constexpr int kSeeds = 2000;
  for (const Shape& shape :
       {Shape{1, 1}, Shape{3, 3}, Shape{5, 2}, Shape{2, 5}}) {
    std::vector<double> mean(shape.rows * shape.cols);
    std::vector<double> square(mean.size());
    double trace = 0;
    for (uint64_t seed = 0; seed < kSeeds; ++seed) {
      const Matrix<double> q = Draw<double>(seed, shape);
      for (size_t i = 0; i < q.size(); ++i) {
        mean[i] += q.data()[i] / kSeeds;
        square[i] += q.data()[i] * q.data()[i] / kSeeds;
      }
      for (size_t i = 0; i < std::min(shape.rows, shape.cols); ++i) {
        trace += q(i, i) / kSeeds;
      }
    }
    // E q⁴ of a coordinate of a random unit vector times √n is 3n/(n + 2).
    const double n = static_cast<double>(std::max(shape.rows, shape.cols));
    const double square_error = std::sqrt((3 * n / (n + 2) - 1) / kSeeds);
    for (size_t i = 0; i < mean.size(); ++i) {
      EXPECT_THAT(mean[i], IsNear(0.0, 5 / std::sqrt(1.0 * kSeeds)))
          << Text(shape) << " entry " << i;
      EXPECT_THAT(square[i], IsNear(1.0, 5 * square_error + 4 * kEps * kSeeds))
          << Text(shape) << " entry " << i;
    }
    // Two diagonal entries may be correlated: at most, they add up.
    EXPECT_THAT(
        trace,
        IsNear(0.0, 5 * static_cast<double>(std::min(shape.rows, shape.cols)) /
                        std::sqrt(1.0 * kSeeds)))
        << Text(shape);
  }
}

TEST(FillOrthogonal, FloatIsTheDoubleRoundedOnce) {
  for (const Shape& shape : kShapes) {
    const Matrix<double> exact = Draw<double>(5, shape);
    const Matrix<float> rounded = Draw<float>(5, shape);
    for (size_t i = 0; i < exact.size(); ++i) {
      ASSERT_EQ(rounded.data()[i], static_cast<float>(exact.data()[i]))
          << Text(shape) << " entry " << i;
    }
  }
}

TEST(FillOrthogonal, IsRepeatable) {
  const Matrix<double> a = Draw<double>(6, {33, 17});
  const Matrix<double> b = Draw<double>(6, {33, 17});
  const Matrix<double> c = Draw<double>(7, {33, 17});
  EXPECT_TRUE(std::equal(a.data(), a.data() + a.size(), b.data()));
  EXPECT_FALSE(std::equal(a.data(), a.data() + a.size(), c.data()));
}

}  // namespace orthogonal_test
}  // namespace initscope
