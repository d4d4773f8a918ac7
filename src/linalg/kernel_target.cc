#include "linalg/kernel_target.h"

#include <hwy/highway.h>
#include <hwy/targets.h>

#include <Eigen/Core>

namespace initscope {

std::string KernelTarget() {
  // The lowest bit is the best target that is both compiled and supported.
  const int64_t targets = hwy::SupportedTargets() & HWY_TARGETS;
  return hwy::TargetName(targets & -targets);
}

std::string LibraryVersions() {
  const auto part = [](int number) { return std::to_string(number); };
  return "Eigen " + part(EIGEN_WORLD_VERSION) + "." +
         part(EIGEN_MAJOR_VERSION) + "." + part(EIGEN_MINOR_VERSION) +
         ", Highway " + part(HWY_MAJOR) + "." + part(HWY_MINOR) + "." +
         part(HWY_PATCH);
}

}  // namespace initscope
