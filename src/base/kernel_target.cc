#include "base/kernel_target.h"

#include <hwy/highway.h>
#include <hwy/targets.h>

#include "base/error.h"

// What dispatch needs of Highway's library. The library is not linked: whenever
// it is loaded, it measures a timer's resolution for some milliseconds.
namespace hwy {
namespace {

int64_t targets_for_test = 0;  // or none

// A bit for each target.
int64_t TargetsOfThisCpu() {
#if HWY_ARCH_X86
  int64_t targets = HWY_EMU128 | HWY_SCALAR;
  // A CPU that has these has the rest of what the target needs.
  const bool avx2 = __builtin_cpu_supports("avx2") &&
                    __builtin_cpu_supports("fma") &&
                    __builtin_cpu_supports("bmi2");
  if (avx2) targets |= HWY_AVX2;
  if (avx2 && __builtin_cpu_supports("avx512f") &&
      __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512cd")) {
    targets |= HWY_AVX3;
  }
  return targets;
#else
  return HWY_STATIC_TARGET | HWY_EMU128 | HWY_SCALAR;
#endif
}

}  // namespace

int64_t SupportedTargets() {
  static const int64_t targets = TargetsOfThisCpu();
  return targets_for_test != 0 ? targets_for_test : targets;
}

void SetSupportedTargetsForTest(int64_t targets) { targets_for_test = targets; }

ChosenTarget& GetChosenTarget() {
  static ChosenTarget chosen;
  return chosen;
}

}  // namespace hwy

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
