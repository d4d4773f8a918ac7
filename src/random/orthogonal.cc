#include "random/orthogonal.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "random/householder_qr.h"

namespace initscope {

template <typename T>
void FillOrthogonal(const VariateSource& source, MatrixView<T> out,
                    StopFlag stop) {
  using RowMajor =
      Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const auto rows = static_cast<Eigen::Index>(out.rows());
  const auto cols = static_cast<Eigen::Index>(out.cols());
  const bool transposed = rows < cols;
  Eigen::MatrixXd q;
  {
    Matrix<double> draw(out.rows(), out.cols());
    FillVariates(VariateLaw::kNormal, source, 0, 0, draw.view());
    const Eigen::Map<const RowMajor> normal(draw.data(), rows, cols);
    q = transposed ? Eigen::MatrixXd(normal.transpose())
                   : Eigen::MatrixXd(normal);
  }
  const Eigen::VectorXd diagonal = HouseholderQ(&q, stop);
  const double scale = std::sqrt(static_cast<double>(std::max(rows, cols)));
  for (Eigen::Index j = 0; j < q.cols(); ++j) {
    q.col(j) *= diagonal(j) < 0 ? -scale : scale;
  }
  for (Eigen::Index i = 0; i < rows; ++i) {
    for (Eigen::Index j = 0; j < cols; ++j) {
      out(static_cast<size_t>(i), static_cast<size_t>(j)) =
          static_cast<T>(transposed ? q(j, i) : q(i, j));
    }
  }
}

template void FillOrthogonal(const VariateSource&, MatrixView<float>, StopFlag);
template void FillOrthogonal(const VariateSource&, MatrixView<double>,
                             StopFlag);

}  // namespace initscope
