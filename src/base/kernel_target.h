// Which instruction set the vectorized kernels run on.
//
// Kernels are compiled once per instruction set and dispatched at run time to
// the best that the machine has. Tests force each in turn.
#pragma once

#include <string>
#include <vector>

namespace initscope {

// "AVX2", "AVX3" (AVX-512), "NEON" …: the one that kernels run on now.
std::string KernelTarget();

// All that this machine can run, the best first.
std::vector<std::string> KernelTargets();

// Makes kernels run on `target` while it lives. Not while other threads run
// kernels, and data packed for one target is not for another.
// REQUIRES: `target` is one of KernelTargets().
class ForcedKernelTarget {
 public:
  explicit ForcedKernelTarget(const std::string& target);
  ~ForcedKernelTarget();
  ForcedKernelTarget(const ForcedKernelTarget&) = delete;
  ForcedKernelTarget& operator=(const ForcedKernelTarget&) = delete;
};

}  // namespace initscope
