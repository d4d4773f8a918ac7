#include "random/orthogonal.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

namespace initscope {

template <typename T>
void FillOrthogonal(const VariateSource& source, MatrixView<T> out) {
  using RowMajor =
      Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const auto rows = static_cast<Eigen::Index>(out.rows());
  const auto cols = static_cast<Eigen::Index>(out.cols());
  Matrix<double> draw(out.rows(), out.cols());
  FillVariates(VariateLaw::kNormal, source, 0, 0, draw.view());
  const Eigen::Map<const RowMajor> normal(draw.data(), rows, cols);

  const bool transposed = rows < cols;
  const Eigen::HouseholderQR<Eigen::MatrixXd> qr(
      transposed ? Eigen::MatrixXd(normal.transpose())
                 : Eigen::MatrixXd(normal));
  const Eigen::Index tall = std::max(rows, cols);
  const Eigen::Index thin = std::min(rows, cols);
  Eigen::MatrixXd q = qr.householderQ() * Eigen::MatrixXd::Identity(tall, thin);
  const double scale = std::sqrt(static_cast<double>(tall));
  for (Eigen::Index j = 0; j < thin; ++j) {
    q.col(j) *= qr.matrixQR()(j, j) < 0 ? -scale : scale;
  }
  for (Eigen::Index i = 0; i < rows; ++i) {
    for (Eigen::Index j = 0; j < cols; ++j) {
      out(static_cast<size_t>(i), static_cast<size_t>(j)) =
          static_cast<T>(transposed ? q(j, i) : q(i, j));
    }
  }
}

template void FillOrthogonal(const VariateSource&, MatrixView<float>);
template void FillOrthogonal(const VariateSource&, MatrixView<double>);

}  // namespace initscope
