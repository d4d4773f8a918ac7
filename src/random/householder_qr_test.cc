#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <algorithm>
#include <atomic>
#include <cstring>
#include <vector>

#include "random/orthogonal.h"

namespace initscope {
namespace householder_qr_test {

using Eigen::Index;
using Eigen::MatrixXd;

struct Shape {
  Index rows, cols;
};
// Around the widths of blocks, 24 and 48, square and tall.
constexpr Shape kShapes[] = {
    {1, 1},    {2, 1},    {2, 2},     {3, 2},     {23, 23},   {24, 24},
    {47, 47},  {48, 48},  {49, 48},   {49, 49},   {50, 47},   {95, 95},
    {96, 95},  {96, 96},  {97, 97},   {100, 96},  {128, 128}, {144, 144},
    {145, 97}, {200, 49}, {300, 1},   {300, 10},  {301, 193}, {257, 257},
    {512, 48}, {513, 96}, {400, 399}, {400, 400}, {700, 700}, {784, 300}};

// The sign of zero included, and whatever an upgrade of Eigen changes.
TEST(HouseholderQ, IsEigensToTheBit) {
  for (const Shape& shape : kShapes) {
    std::srand(1);  // which Random() draws from
    const MatrixXd a = MatrixXd::Random(shape.rows, shape.cols);
    const Eigen::HouseholderQR<MatrixXd> qr(a);
    const MatrixXd expected =
        qr.householderQ() * MatrixXd::Identity(shape.rows, shape.cols);
    const Eigen::VectorXd diagonal = qr.matrixQR().diagonal();
    const auto rows = static_cast<size_t>(shape.rows);
    const auto cols = static_cast<size_t>(shape.cols);
    Matrix<double> q(cols, rows);
    std::copy_n(a.data(), a.size(), q.data());
    const std::vector<double> r = HouseholderQ(q.view());
    EXPECT_EQ(std::memcmp(q.data(), expected.data(), q.size() * sizeof(double)),
              0)
        << shape.rows << " x " << shape.cols;
    ASSERT_EQ(r.size(), cols);
    EXPECT_EQ(std::memcmp(r.data(), diagonal.data(), cols * sizeof(double)), 0)
        << shape.rows << " x " << shape.cols;
  }
}

TEST(HouseholderQ, IsInterrupted) {
  const std::atomic<bool> raised{true};
  Matrix<double> a(100, 100);
  EXPECT_THROW(HouseholderQ(a.view(), &raised), Interrupted);
}

}  // namespace householder_qr_test
}  // namespace initscope
