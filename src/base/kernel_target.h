// The instruction set on which the vectorized kernels run.
//
// Kernels are compiled once per instruction set; the best that the machine has
// is chosen at run time. Tests force each in turn.
#pragma once

#include <string>
#include <vector>

namespace initscope {

// The instruction set in use: "AVX2", "AVX3" (AVX-512), "NEON" …
std::string KernelTarget();

// All instruction sets that this machine can run, the best first.
std::vector<std::string> KernelTargets();

// Makes kernels run on `target` for a scope. Data packed for one target is of
// no use to another. REQUIRES: `target` is one of KernelTargets(), and no other
// thread runs a kernel.
class ForcedKernelTarget {
 public:
  explicit ForcedKernelTarget(const std::string& target);
  ~ForcedKernelTarget();
  ForcedKernelTarget(const ForcedKernelTarget&) = delete;
  ForcedKernelTarget& operator=(const ForcedKernelTarget&) = delete;
};

}  // namespace initscope
