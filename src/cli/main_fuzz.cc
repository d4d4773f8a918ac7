// What libFuzzer calls: the target that the environment variable FUZZ names.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "cli/targets_fuzz.h"

namespace {

const initscope::FuzzTarget& Target() {
  const char* const name = std::getenv("FUZZ");
  const auto targets = initscope::FuzzTargets();
  const auto target = std::ranges::find(targets, name == nullptr ? "" : name,
                                        &initscope::FuzzTarget::name);
  if (target != targets.end()) return *target;
  std::fputs("initscope_fuzz: FUZZ must name one of the targets:", stderr);
  for (const auto& one : targets) {
    std::fprintf(stderr, " %s", std::string(one.name).c_str());
  }
  std::fputc('\n', stderr);
  std::exit(64);
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const initscope::FuzzTarget& target = Target();
  std::string wrong;
  target.read({reinterpret_cast<const char*>(data), size}, &wrong);
  if (wrong.empty()) return 0;
  std::fprintf(stderr, "initscope_fuzz: %s\n", wrong.c_str());
  std::abort();
}
