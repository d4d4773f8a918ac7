#include "linalg/singular_values.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "linalg/matrix_product.h"
#include "random/orthogonal.h"

namespace initscope {
namespace singular_values_test {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

// A matrix with these singular values and random vectors.
Matrix<double> MatrixWith(const std::vector<double>& values, size_t rows,
                          size_t cols) {
  const size_t n = values.size();
  Matrix<double> left(rows, n), right(n, cols);
  FillOrthogonal<double>({1, Stream::kWeights, 0}, left.view());
  FillOrthogonal<double>({1, Stream::kWeights, 1}, right.view());
  // FillOrthogonal's columns or rows have the norm √(the longer side).
  const double scale = std::sqrt(static_cast<double>(rows * cols));
  for (size_t i = 0; i < rows; ++i) {
    for (size_t k = 0; k < n; ++k) left(i, k) *= values[k] / scale;
  }
  return Product(left.view(), right.view());
}

// Bidiagonalization and iteration are n orthogonal transformations, and so
// were Q; their roundings add up as √n at the worst seen here, ten times less
// than this.
double Tolerance(const std::vector<double>& values, size_t rows, size_t cols) {
  return 40 * std::sqrt(static_cast<double>(std::max(rows, cols))) * kEpsilon *
         values[0];
}

void ExpectValues(const std::vector<double>& values, size_t rows, size_t cols) {
  const Matrix<double> a = MatrixWith(values, rows, cols);
  const std::vector<double> found = SingularValues(a.view());
  ASSERT_EQ(found.size(), values.size());
  EXPECT_TRUE(std::is_sorted(found.rbegin(), found.rend()));
  const double tolerance = Tolerance(values, rows, cols);
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_FALSE(!(std::abs(found[i] - values[i]) <= tolerance))
        << rows << "x" << cols << " " << i << ": " << found[i] << " for "
        << values[i];
    EXPECT_GE(found[i], 0);
  }
}

constexpr size_t kShapes[][2] = {{1, 1},   {1, 7},   {7, 1},     {2, 2},
                                 {3, 2},   {2, 3},   {15, 15},   {16, 17},
                                 {48, 33}, {10, 90}, {100, 100}, {129, 65}};

TEST(SingularValues, AreThoseThatTheMatrixWasMadeOf) {
  for (const auto& [rows, cols] : kShapes) {
    const size_t n = std::min(rows, cols);
    std::vector<double> spread(n), graded(n), same(n, 3.0), halves(n, 0.0);
    for (size_t i = 0; i < n; ++i) {
      spread[i] = static_cast<double>(n - i) / static_cast<double>(n);
      graded[i] = std::pow(10.0, -0.5 * static_cast<double>(i));
      if (i <= n / 2) halves[i] = 2;
    }
    for (const auto& values : {spread, graded, same, halves}) {
      ExpectValues(values, rows, cols);
    }
  }
}

TEST(SingularValues, OfAConstantMatrixAreOneAndZeros) {
  // The sizes at which Eigen's BDCSVD fails among them.
  for (size_t n : {1, 2, 17, 100, 512}) {
    Matrix<double> a(n, n + 1);
    std::fill_n(a.data(), a.size(), 3.7);
    const std::vector<double> found = SingularValues(a.view());
    const double largest = 3.7 * std::sqrt(static_cast<double>(n * (n + 1)));
    const double tolerance = Tolerance({largest}, n, n + 1);
    EXPECT_NEAR(found[0], largest, tolerance);
    for (size_t i = 1; i < n; ++i) {
      EXPECT_FALSE(!(found[i] >= 0 && found[i] <= tolerance)) << found[i];
    }
  }
}

TEST(SingularValues, OfZeroAreZero) {
  Matrix<double> a(5, 3);
  std::fill_n(a.data(), a.size(), 0.0);
  EXPECT_EQ(SingularValues(a.view()), std::vector<double>(3, 0.0));
}

TEST(SingularValues, ScaleByPowersOfTwoToTheBit) {
  const Matrix<double> a = MatrixWith({4, 2, 1, 0.5}, 6, 4);
  const std::vector<double> plain = SingularValues(a.view());
  for (int shift : {-1000, -1, 1, 1020}) {
    Matrix<double> b(a.rows(), a.cols());
    for (size_t i = 0; i < a.size(); ++i) {
      b.data()[i] = std::ldexp(a.data()[i], shift);
    }
    const std::vector<double> found = SingularValues(b.view());
    for (size_t i = 0; i < plain.size(); ++i) {
      EXPECT_EQ(found[i], std::ldexp(plain[i], shift)) << shift;
    }
  }
}

TEST(SingularValues, OfWhatIsNotFiniteAreNaN) {
  for (double bad : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    Matrix<double> a = MatrixWith({2, 1}, 3, 2);
    a(1, 1) = bad;
    for (double s : SingularValues(a.view())) EXPECT_TRUE(std::isnan(s));
  }
}

}  // namespace singular_values_test
}  // namespace initscope
