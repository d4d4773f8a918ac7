#include "linalg/kernel_target.h"

#include <hwy/highway.h>
#include <hwy/targets.h>

namespace initscope {

std::string KernelTarget() {
  // The lowest bit is the best target that is both compiled and supported.
  const int64_t targets = hwy::SupportedTargets() & HWY_TARGETS;
  return hwy::TargetName(targets & -targets);
}

}  // namespace initscope
