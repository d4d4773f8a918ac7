// The Q of Eigen's Householder QR, bit for bit, in steps between which it can
// be interrupted: Eigen's own takes many seconds at width 4096.
#pragma once

#include <vector>

#include "base/matrix.h"
#include "base/stop_flag.h"

namespace initscope {

// Row j of `columns` is column j of a matrix A; it becomes column j of Q, which
// has as many columns. Returns the diagonal of R. The bits are those of
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
