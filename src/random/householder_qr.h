// The Q of Eigen's Householder QR, to the bit, in steps between which it can be
// interrupted: Eigen's own takes many seconds at width 4096.
#pragma once

#include <vector>

#include "base/matrix.h"
#include "base/stop_flag.h"

namespace initscope {

// Row j of `columns` is column j of a matrix A, and becomes column j of its Q,
// of as many columns. Returns the diagonal of R. The same bits as
//
//     const Eigen::HouseholderQR<Eigen::MatrixXd> qr(a);
//     qr.householderQ() * Eigen::MatrixXd::Identity(a.rows(), a.cols());
//     qr.matrixQR().diagonal();
//
// REQUIRES: A has at least as many rows as columns, and an entry. Throws
// Interrupted.
std::vector<double> HouseholderQ(MatrixView<double> columns,
                                 StopFlag stop = {});

}  // namespace initscope
