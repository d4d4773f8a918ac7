#include "random/orthogonal.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <utility>

namespace initscope {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using Panel = Eigen::Block<MatrixXd>;

// The block size of HouseholderQR::computeInPlace() and HouseholderSequence, on
// which the rounding of the sums depends.
constexpr Index kBlock = 48;

// Overwrites `a` with R and, below it, the reflectors; returns the coefficients
// of these.
VectorXd Factorize(MatrixXd* a, StopFlag stop) {
  const Index rows = a->rows(), cols = a->cols();
  VectorXd coefficients(cols), scratch(cols);
  for (Index k = 0; k < cols; k += kBlock) {
    stop.Check();
    const Index width = std::min(kBlock, cols - k);
    Panel panel = a->block(k, k, rows - k, width);
    auto of_panel = coefficients.segment(k, width);
    Eigen::internal::householder_qr_inplace_unblocked(panel, of_panel,
                                                      scratch.data());
    if (k + width == cols) break;
    Panel rest = a->block(k, k + width, rows - k, cols - k - width);
    Eigen::internal::apply_block_householder_on_the_left(rest, panel, of_panel,
                                                         false);
  }
  return coefficients;
}

// The product H_0 H_1 … of the reflectors in `vectors`, times the identity.
MatrixXd FormQ(const MatrixXd& vectors, const VectorXd& coefficients,
               StopFlag stop) {
  const Index rows = vectors.rows(), cols = vectors.cols();
  MatrixXd q = MatrixXd::Identity(rows, cols);
  if (cols < kBlock) {
    Eigen::HouseholderSequence<MatrixXd, VectorXd>(vectors, coefficients)
        .applyThisOnTheLeft(q, rows == cols);
    return q;
  }
  // At least two blocks, the last reflectors first.
  const Index step = cols < 2 * kBlock ? (cols + 1) / 2 : kBlock;
  for (Index end = cols; end > 0; end -= std::min(step, end)) {
    stop.Check();
    const Index k = std::max<Index>(0, end - step);
    const auto panel = vectors.block(k, k, rows - k, end - k);
    // If Q is square, its columns before k are still those of the identity.
    const Index first = rows == cols ? k : 0;
    Panel part = q.block(k, first, rows - k, cols - first);
    Eigen::internal::apply_block_householder_on_the_left(
        part, panel, coefficients.segment(k, end - k), true);
  }
  return q;
}

Matrix<double> Transposed(const Matrix<double>& a) {
  Matrix<double> out(a.cols(), a.rows());
  for (size_t i = 0; i < a.rows(); ++i) {
    for (size_t j = 0; j < a.cols(); ++j) out(j, i) = a(i, j);
  }
  return out;
}

}  // namespace

std::vector<double> HouseholderQ(MatrixView<double> columns, StopFlag stop) {
  const auto cols = static_cast<Index>(columns.rows());
  const auto rows = static_cast<Index>(columns.cols());
  INITSCOPE_CHECK(1 <= cols && cols <= rows);
  Eigen::Map<MatrixXd> in_place(columns.data(), rows, cols);
  MatrixXd a = in_place;  // Eigen's alignment, on which the sums depend
  const VectorXd coefficients = Factorize(&a, stop);
  std::vector<double> diagonal(columns.rows());
  for (Index j = 0; j < cols; ++j) diagonal[static_cast<size_t>(j)] = a(j, j);
  in_place = FormQ(a, coefficients, stop);
  return diagonal;
}

template <typename T>
void FillOrthogonal(const VariateSource& source, MatrixView<T> out,
                    StopFlag stop) {
  Matrix<double> draw(out.rows(), out.cols());
  FillVariates(VariateLaw::kNormal, source, 0, 0, draw.view());
  // If `draw` has fewer rows than columns, its rows become orthogonal.
  const bool transposed = out.rows() < out.cols();
  Matrix<double> q = transposed ? std::move(draw) : Transposed(draw);
  draw = {};
  const std::vector<double> diagonal = HouseholderQ(q.view(), stop);
  const double scale = std::sqrt(static_cast<double>(q.cols()));
  for (size_t j = 0; j < q.rows(); ++j) {
    const double factor = diagonal[j] < 0 ? -scale : scale;
    for (size_t i = 0; i < q.cols(); ++i) {
      T& entry = transposed ? out(j, i) : out(i, j);
      entry = static_cast<T>(q(j, i) * factor);
    }
  }
}

template void FillOrthogonal(const VariateSource&, MatrixView<float>, StopFlag);
template void FillOrthogonal(const VariateSource&, MatrixView<double>,
                             StopFlag);

}  // namespace initscope
