// Matrix products of other libraries, for comparison only.
//
// OpenBLAS, BLIS and oneDNN are found when the build is configured and opened
// at run time, each with symbols of its own, because they export the same
// names. Each runs on one thread. Their environment variables make them choose
// other code (OPENBLAS_CORETYPE, BLIS_ARCH_TYPE).
#pragma once

#include <functional>
#include <span>
#include <string>

#include "base/matrix.h"

namespace initscope {

struct PeerProduct {
  // out = a b, all row-major.
  std::function<void(ConstMatrixView<float> a, ConstMatrixView<float> b,
                     MatrixView<float> out)>
      multiply;
  std::string code;   // which version, and what it chose for this machine
  std::string error;  // why there is no `multiply`; else empty
};

struct Peer {
  const char* name;
  bool found;  // when the build was configured
  PeerProduct (*open)();
  bool slow;  // small shapes only
};

std::span<const Peer> Peers();

}  // namespace initscope
