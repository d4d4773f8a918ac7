// Haar-distributed semi-orthogonal matrices.
//
// Source: Saxe, McClelland & Ganguli, "Exact solutions to the nonlinear
// dynamics of learning in deep linear neural networks", ICLR 2014; the signs
// that make QR's Q Haar-distributed: Mezzadri, Notices AMS 54 (2007), 592.
#pragma once

#include "base/stop_flag.h"
#include "random/variates.h"

namespace initscope {

// out = Q·√max(rows, cols), so that the entries have variance 1; Q has
// orthonormal columns (rows ≥ cols) or rows. Q is from the Householder QR, in
// double and on one thread, of the normal draw of `source` (of its transpose
// where rows < cols), with the signs of R's diagonal made positive. Throws
// Interrupted; it looks after every 48 columns.
template <typename T>
void FillOrthogonal(const VariateSource& source, MatrixView<T> out,
                    StopFlag stop = {});

}  // namespace initscope
