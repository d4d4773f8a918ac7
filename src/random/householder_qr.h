// The Householder QR of Eigen, to the bit, and its Q, in steps between which it
// can be interrupted: one of Eigen's own of width 4096 takes half a minute.
#pragma once

#include <Eigen/Dense>

#include "base/stop_flag.h"

namespace initscope {

// Replaces `a` by its first min(rows, columns) columns of Q, and gives the
// diagonal of R. The same as
//
//     const Eigen::HouseholderQR<Eigen::MatrixXd> qr(a);
//     qr.householderQ() * Eigen::MatrixXd::Identity(rows, columns);
//     qr.matrixQR().diagonal();
//
// REQUIRES: 1 <= columns <= rows. Throws Interrupted.
Eigen::VectorXd HouseholderQ(Eigen::MatrixXd* a, StopFlag stop);

}  // namespace initscope
