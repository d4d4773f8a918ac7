#include "base/kernel_target.h"

#include <gtest/gtest.h>

namespace initscope {
namespace {

TEST(KernelTarget, IsTheBestUntilForced) {
  const std::vector<std::string> targets = KernelTargets();
  ASSERT_FALSE(targets.empty());
  EXPECT_EQ(KernelTarget(), targets.front());
  for (const std::string& target : targets) {
    const ForcedKernelTarget forced(target);
    EXPECT_EQ(KernelTarget(), target);
  }
  EXPECT_EQ(KernelTarget(), targets.front());
  EXPECT_EQ(KernelTargets(), targets);
}

}  // namespace
}  // namespace initscope
