#include "base/fma_peak.h"

#include <gtest/gtest.h>

#include "base/kernel_target.h"

namespace initscope {
namespace {

// Times are nobody's promise, so the bounds are those of any machine at all:
// from an emulator to 64 lanes × 4 units × 10 GHz.
TEST(MeasureFmaPeak, IsASpeedOnEveryTarget) {
  for (const std::string& target : KernelTargets()) {
    SCOPED_TRACE(target);
    const ForcedKernelTarget forced(target);
    for (double peak : {MeasureFmaPeak<float>(), MeasureFmaPeak<double>()}) {
      EXPECT_GT(peak, 1e6);
      EXPECT_LT(peak, 2 * 64 * 4 * 10e9);
    }
  }
}

}  // namespace
}  // namespace initscope
