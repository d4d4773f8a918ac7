// Which instruction set the vectorized kernels run on.
#pragma once

#include <string>

namespace initscope {

// "AVX2", "AVX3" (AVX-512), "NEON" …: the best that this machine has.
std::string KernelTarget();

}  // namespace initscope
