#include "linalg/singular_values.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>

namespace initscope {
namespace {

using Eigen::Index;
using RowMajor =
    Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Returns the diagonal d and the upper diagonal e of a bidiagonal matrix with
// the singular values of `a`, as d_0, e_0, d_1, e_1 … d_(n−1). Overwrites `a`.
// REQUIRES: `a` has no more columns than rows.
Eigen::VectorXd Bidiagonalize(Eigen::MatrixXd* a, StopFlag stop) {
  const Index n = a->cols();
  Eigen::VectorXd both(2 * n - 1), scratch(a->rows());
  double tau = 0;
  for (Index k = 0; k < n; ++k) {
    stop.Check();
    const Index rows = a->rows() - k, cols = n - k - 1;
    auto column = a->col(k).tail(rows);
    column.makeHouseholderInPlace(tau, both(2 * k));
    if (cols == 0) break;
    a->bottomRightCorner(rows, cols)
        .applyHouseholderOnTheLeft(column.tail(rows - 1), tau, scratch.data());
    auto row = a->row(k).tail(cols);
    row.makeHouseholderInPlace(tau, both(2 * k + 1));
    a->bottomRightCorner(rows - 1, cols)
        .applyHouseholderOnTheRight(row.tail(cols - 1).transpose(), tau,
                                    scratch.data());
  }
  return both;
}

}  // namespace

std::vector<double> SingularValues(ConstMatrixView<double> a, StopFlag stop) {
  INITSCOPE_CHECK(a.size() > 0);
  const Eigen::Map<const RowMajor> in(a.data(), static_cast<Index>(a.rows()),
                                      static_cast<Index>(a.cols()));
  const Index n = std::min(in.rows(), in.cols());
  std::vector<double> values(static_cast<size_t>(n), 0.0);
  const double largest = in.cwiseAbs().maxCoeff();
  if (!in.allFinite()) {
    std::ranges::fill(values, std::numeric_limits<double>::quiet_NaN());
    return values;
  }
  if (largest == 0) return values;

  // Scales by a power of two, which is exact, in two steps whose factors are
  // finite.
  const int half = std::ilogb(largest) / 2, rest = std::ilogb(largest) - half;
  Eigen::MatrixXd scaled = in * std::ldexp(1.0, -half) * std::ldexp(1.0, -rest);
  if (in.rows() < in.cols()) scaled.transposeInPlace();
  Eigen::VectorXd off_diagonal = Bidiagonalize(&scaled, stop);
  // The iteration takes for zero what is negligible beside 1.
  const double norm = off_diagonal.cwiseAbs().maxCoeff();
  off_diagonal /= norm;
  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver;
  solver.computeFromTridiagonal(Eigen::VectorXd::Zero(2 * n), off_diagonal,
                                Eigen::EigenvaluesOnly);
  INITSCOPE_CHECK(solver.info() == Eigen::Success);
  for (Index i = 0; i < n; ++i) {
    // The eigenvalues ±s ascend; a zero may come out slightly negative.
    const double s = std::max(0.0, solver.eigenvalues()(2 * n - 1 - i));
    values[static_cast<size_t>(i)] =
        std::ldexp(std::ldexp(norm * s, half), rest);
  }
  return values;
}

}  // namespace initscope
