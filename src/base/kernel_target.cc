#include "base/kernel_target.h"

#include <hwy/highway.h>
#include <hwy/targets.h>

#include "base/error.h"

namespace initscope {
namespace {

// The lowest bit is the best target.
int64_t Available() { return hwy::SupportedTargets() & HWY_TARGETS; }

// 0 undoes it.
void Force(int64_t target) {
  hwy::SetSupportedTargetsForTest(target);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace

std::string KernelTarget() {
  const int64_t targets = Available();
  return hwy::TargetName(targets & -targets);
}

std::vector<std::string> KernelTargets() {
  std::vector<std::string> names;
  for (int64_t target : hwy::SupportedAndGeneratedTargets()) {
    names.push_back(hwy::TargetName(target));
  }
  return names;
}

ForcedKernelTarget::ForcedKernelTarget(const std::string& target) {
  for (int64_t candidate : hwy::SupportedAndGeneratedTargets()) {
    if (hwy::TargetName(candidate) == target) {
      Force(candidate);
      return;
    }
  }
  INITSCOPE_CHECK(false && "a kernel target that this machine lacks");
}

ForcedKernelTarget::~ForcedKernelTarget() { Force(0); }

}  // namespace initscope
