// Runs a test on every instruction set, for tests only.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "base/kernel_target.h"

namespace initscope {

// Calls test() with each of KernelTargets() forced in turn; a failure names
// it. What is packed must be packed inside.
template <typename Test>
void OnEveryTarget(const Test& test) {
  for (const std::string& target : KernelTargets()) {
    SCOPED_TRACE("on " + target);
    const ForcedKernelTarget forced(target);
    test();
    if (testing::Test::HasFatalFailure()) return;
  }
}

}  // namespace initscope
