#include "base/targets_test.h"

#include <string>
#include <vector>

namespace initscope {
namespace {

TEST(OnEveryTarget, ForcesEachOnceAndNoneAfterwards) {
  const std::string best = KernelTarget();
  std::vector<std::string> seen;
  OnEveryTarget([&] { seen.push_back(KernelTarget()); });
  EXPECT_EQ(seen, KernelTargets());
  EXPECT_EQ(KernelTarget(), best);
}

}  // namespace
}  // namespace initscope
