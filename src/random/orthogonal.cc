#include "random/orthogonal.h"

#include <cmath>
#include <utility>
#include <vector>

#include "random/householder_qr.h"

namespace initscope {
namespace {

Matrix<double> Transposed(const Matrix<double>& a) {
  Matrix<double> out(a.cols(), a.rows());
  for (size_t i = 0; i < a.rows(); ++i) {
    for (size_t j = 0; j < a.cols(); ++j) out(j, i) = a(i, j);
  }
  return out;
}

}  // namespace

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
