#include "linalg/product.h"

#include <Eigen/Core>

namespace initscope {
namespace {

template <typename T>
using RowMajor =
    Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

template <typename T>
Eigen::Map<const RowMajor<T>> Map(ConstMatrixView<T> a) {
  return {a.data(), static_cast<Eigen::Index>(a.rows()),
          static_cast<Eigen::Index>(a.cols())};
}

template <typename T>
Eigen::Map<RowMajor<T>> Map(MatrixView<T> a) {
  return {a.data(), static_cast<Eigen::Index>(a.rows()),
          static_cast<Eigen::Index>(a.cols())};
}

}  // namespace

template <typename T>
void Multiply(ConstMatrixView<T> a, ConstMatrixView<T> b, MatrixView<T> out) {
  INITSCOPE_CHECK(a.cols() == b.rows() && out.rows() == a.rows() &&
                  out.cols() == b.cols());
  Map(out).noalias() = Map(a) * Map(b);
}

template <typename T>
void MultiplyTransposed(ConstMatrixView<T> a, ConstMatrixView<T> b,
                        MatrixView<T> out) {
  INITSCOPE_CHECK(a.cols() == b.cols() && out.rows() == a.rows() &&
                  out.cols() == b.rows());
  Map(out).noalias() = Map(a) * Map(b).transpose();
}

template <typename T>
void TransposedMultiply(ConstMatrixView<T> a, ConstMatrixView<T> b,
                        MatrixView<T> out) {
  INITSCOPE_CHECK(a.rows() == b.rows() && out.rows() == a.cols() &&
                  out.cols() == b.cols());
  Map(out).noalias() = Map(a).transpose() * Map(b);
}

#define INITSCOPE_INSTANTIATE(T)                                           \
  template void Multiply(ConstMatrixView<T>, ConstMatrixView<T>,           \
                         MatrixView<T>);                                   \
  template void MultiplyTransposed(ConstMatrixView<T>, ConstMatrixView<T>, \
                                   MatrixView<T>);                         \
  template void TransposedMultiply(ConstMatrixView<T>, ConstMatrixView<T>, \
                                   MatrixView<T>);
INITSCOPE_INSTANTIATE(float)
INITSCOPE_INSTANTIATE(double)
#undef INITSCOPE_INSTANTIATE

}  // namespace initscope
