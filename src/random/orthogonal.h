// Haar-distributed semi-orthogonal matrices.
//
// Source: Saxe, McClelland & Ganguli, "Exact solutions to the nonlinear
// dynamics of learning in deep linear neural networks", ICLR 2014; for the
// signs that make the Q of a QR Haar-distributed, Mezzadri, Notices AMS 54
// (2007), 592.
#pragma once

#include <vector>

#include "base/matrix.h"
#include "base/stop_flag.h"
#include "random/variates.h"

namespace initscope {

// out = Q·√max(rows, cols), so that the entries have variance 1. Q has
// orthonormal columns (rows ≥ cols) or rows (rows < cols). It comes from the
// Householder QR of the normal draw of `source`, transposed if rows < cols,
// with the signs that make the diagonal of R positive; in double and on one
// thread. Throws Interrupted, for which it checks after every 48 columns.
template <typename T>
void FillOrthogonal(const VariateSource& source, MatrixView<T> out,
                    StopFlag stop = {});

// The Q of Eigen's Householder QR, in steps between which it can be
// interrupted: Eigen's own takes many seconds at width 4096. Row j of `columns`
// is column j of a matrix A; it becomes column j of Q, which has as many
// columns. Returns the diagonal of R. The bits are those of
//
//     const Eigen::HouseholderQR<Eigen::MatrixXd> qr(a);
//     qr.householderQ() * Eigen::MatrixXd::Identity(a.rows(), a.cols());
//     qr.matrixQR().diagonal();
//
// Throws Interrupted. REQUIRES: A is not empty and has at least as many rows as
// columns.
std::vector<double> HouseholderQ(MatrixView<double> columns,
                                 StopFlag stop = {});

}  // namespace initscope
