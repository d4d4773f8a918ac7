// Singular values of a plain matrix, in double.
//
// Householder bidiagonalization, then the implicit QR iteration on the
// tridiagonal matrix with the eigenvalues ±s (Golub & Kahan 1965). Both are
// backward stable: the error of every s is a small multiple of eps·s_max·√n, so
// that values below eps·s_max have no correct digits.
//
// Eigen's own BDCSVD (3.4.0) returns NaN or reads out of bounds if many
// singular values agree, as those of constant matrices do. Its JacobiSVD takes
// many times as long and is no more accurate.
#pragma once

#include <vector>

#include "base/matrix.h"
#include "base/stop_flag.h"

namespace initscope {

// The min(rows, columns) singular values, the largest first; all NaN if an
// entry is not finite. Entries may have any magnitude. Runs on the calling
// thread. Throws Interrupted. REQUIRES: `a` is not empty.
std::vector<double> SingularValues(ConstMatrixView<double> a,
                                   StopFlag stop = {});

}  // namespace initscope
