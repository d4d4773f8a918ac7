#include "linalg/matrix_product.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <tuple>

#include "random/variates.h"

namespace initscope {
namespace matrix_product_test {

Matrix<double> Draw(size_t rows, size_t cols, uint32_t layer) {
  Matrix<double> out(rows, cols);
  FillVariates(VariateLaw::kNormal, {1, Stream::kProbes, layer}, 0, 0,
               out.view());
  return out;
}

Matrix<double> Transposed(const Matrix<double>& a) {
  Matrix<double> out(a.cols(), a.rows());
  for (size_t i = 0; i < a.rows(); ++i) {
    for (size_t j = 0; j < a.cols(); ++j) out(j, i) = a(i, j);
  }
  return out;
}

// Against plain sums in long double: k roundings of a sum of k products.
void ExpectProduct(const Matrix<double>& out, const Matrix<double>& a,
                   const Matrix<double>& b) {
  ASSERT_EQ(out.rows(), a.rows());
  ASSERT_EQ(out.cols(), b.cols());
  const double eps = std::numeric_limits<double>::epsilon();
  for (size_t i = 0; i < a.rows(); ++i) {
    for (size_t j = 0; j < b.cols(); ++j) {
      long double sum = 0, size = 0;
      for (size_t k = 0; k < a.cols(); ++k) {
        sum += static_cast<long double>(a(i, k)) * b(k, j);
        size += std::abs(static_cast<long double>(a(i, k)) * b(k, j));
      }
      const long double tolerance =
          static_cast<long double>(a.cols()) * eps * size;
      EXPECT_TRUE(!!(std::abs(out(i, j) - sum) <= tolerance))
          << i << ", " << j << ": " << out(i, j);
    }
  }
}

using Shape = std::tuple<size_t, size_t, size_t>;  // m, k, n
class MatrixProduct : public testing::TestWithParam<Shape> {};

TEST_P(MatrixProduct, IsThePlainSum) {
  const auto [m, k, n] = GetParam();
  const Matrix<double> a = Draw(m, k, 0), b = Draw(k, n, 1);
  const Matrix<double> at = Transposed(a), bt = Transposed(b);
  ExpectProduct(Product(a.view(), b.view()), a, b);
  ExpectProduct(ProductWithTransposed(a.view(), bt.view()), a, b);
  ExpectProduct(TransposedProduct(at.view(), b.view()), a, b);
}

INSTANTIATE_TEST_SUITE_P(Shapes, MatrixProduct,
                         testing::Values(Shape{1, 1, 1}, Shape{4, 3, 2},
                                         Shape{1, 17, 5}, Shape{5, 17, 1},
                                         Shape{17, 1, 9}, Shape{33, 64, 31},
                                         Shape{64, 130, 65}));

}  // namespace matrix_product_test
}  // namespace initscope
