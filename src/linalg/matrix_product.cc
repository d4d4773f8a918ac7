#include "linalg/matrix_product.h"

#include <Eigen/Dense>

namespace initscope {
namespace {

using RowMajor =
    Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Eigen::Map<const RowMajor> MapOf(ConstMatrixView<double> a) {
  return {a.data(), static_cast<Eigen::Index>(a.rows()),
          static_cast<Eigen::Index>(a.cols())};
}

Eigen::Map<RowMajor> MapOf(Matrix<double>* a) {
  return {a->data(), static_cast<Eigen::Index>(a->rows()),
          static_cast<Eigen::Index>(a->cols())};
}

}  // namespace

Matrix<double> Product(ConstMatrixView<double> a, ConstMatrixView<double> b) {
  INITSCOPE_CHECK(a.cols() == b.rows());
  Matrix<double> out(a.rows(), b.cols());
  MapOf(&out).noalias() = MapOf(a) * MapOf(b);
  return out;
}

Matrix<double> ProductWithTransposed(ConstMatrixView<double> a,
                                     ConstMatrixView<double> b) {
  INITSCOPE_CHECK(a.cols() == b.cols());
  Matrix<double> out(a.rows(), b.rows());
  MapOf(&out).noalias() = MapOf(a) * MapOf(b).transpose();
  return out;
}

Matrix<double> TransposedProduct(ConstMatrixView<double> a,
                                 ConstMatrixView<double> b) {
  INITSCOPE_CHECK(a.rows() == b.rows());
  Matrix<double> out(a.cols(), b.cols());
  MapOf(&out).noalias() = MapOf(a).transpose() * MapOf(b);
  return out;
}

}  // namespace initscope
