// What goes into a file without its exponent, and what cannot.

#include "linalg/plain_matrix.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "base/denormals.h"

namespace initscope {
namespace plain_matrix_test {

constexpr float kSmallest = std::numeric_limits<float>::denorm_min();

template <typename Source>
ScaledMatrix<Source> RowOf(const std::vector<Source>& mantissas,
                           int64_t exponent) {
  ScaledMatrix<Source> row;
  row.Resize(1, mantissas.size());
  for (size_t j = 0; j < mantissas.size(); ++j) {
    row.mantissa(0, j) = mantissas[j];
  }
  row.exponent[0] = exponent;
  return row;
}

// The column that does not fit, −1 where all do.
template <typename T, typename Source>
int LostColumn(const ScaledMatrix<Source>& row, Matrix<T>* plain) {
  *plain = Matrix<T>(1, row.cols());
  const auto lost = ToPlain(row, plain);
  return lost ? static_cast<int>(lost->col) : -1;
}

// Beside a normal number, half of float's last denormal bit is no more than
// rounding. The engine flushes denormals while it hands tensors over.
TEST(PlainMatrix, KeepsDenormalsBesideLargerNumbers) {
  for (bool flushed : {false, true}) {
    Matrix<float> plain(1, 1);
    int lost;
    const float third = 1.0f / 3;
    const auto row = RowOf<float>({1, -third * 0x1p-24f, 0}, -110);
    if (flushed) {
      const FlushDenormals flush;
      lost = LostColumn(row, &plain);
    } else {
      lost = LostColumn(row, &plain);
    }
    EXPECT_EQ(lost, -1);
    EXPECT_EQ(plain(0, 0), 0x1p-110f);
    const double exact = -double{third} * 0x1p-134;
    EXPECT_EQ(std::fpclassify(plain(0, 1)), FP_SUBNORMAL);
    EXPECT_LE(std::abs(plain(0, 1) - exact), double{kSmallest} / 2);
    EXPECT_EQ(plain(0, 2), 0);
  }
}

TEST(PlainMatrix, KeepsDenormalsThatAreExact) {
  Matrix<float> plain(1, 1);
  EXPECT_EQ(LostColumn(RowOf<float>({1, -1.5, 1.25}, -140), &plain), -1);
  EXPECT_EQ(plain(0, 1), -0x1.8p-140f);
  EXPECT_EQ(LostColumn(RowOf<float>({kSmallest}, 0), &plain), -1);
  EXPECT_EQ(plain(0, 0), kSmallest);
  Matrix<double> doubles(1, 1);
  EXPECT_EQ(LostColumn(RowOf<double>({1, 1.5}, -1070), &doubles), -1);
  EXPECT_EQ(doubles(0, 1), 0x1.8p-1070);
}

TEST(PlainMatrix, SaysWhatIsLost) {
  const float third = 1.0f / 3;
  Matrix<float> plain(1, 1);
  // A whole row of few digits; 0 that is none; infinity that is none.
  EXPECT_EQ(LostColumn(RowOf<float>({1, third}, -140), &plain), 1);
  EXPECT_EQ(LostColumn(RowOf<float>({1, 0x1p-50f}, -110), &plain), 1);
  EXPECT_EQ(LostColumn(RowOf<float>({0x1p-30f, 1}, 128), &plain), 1);
  EXPECT_EQ(LostColumn(RowOf<float>({1}, -5000), &plain), 0);
  EXPECT_EQ(LostColumn(RowOf<float>({1}, int64_t{1} << 40), &plain), 0);
  EXPECT_EQ(LostColumn(RowOf<double>({0.1, 1}, -140), &plain), 0);
  Matrix<double> doubles(1, 1);
  EXPECT_EQ(LostColumn(RowOf<double>({1, 1.0 / 3}, -1070), &doubles), 1);
  EXPECT_EQ(LostColumn(RowOf<double>({1}, 1024), &doubles), 0);
}

TEST(PlainMatrix, TakesWhatIsNotFiniteAsItIs) {
  const float infinity = HUGE_VALF;
  Matrix<float> plain(1, 1);
  EXPECT_EQ(LostColumn(RowOf<float>({1, -infinity, NAN}, -3), &plain), -1);
  EXPECT_EQ(plain(0, 0), 0.125f);
  EXPECT_EQ(plain(0, 1), -infinity);
  EXPECT_TRUE(std::isnan(plain(0, 2)));
}

}  // namespace plain_matrix_test
}  // namespace initscope
