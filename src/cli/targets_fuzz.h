// The readers that libFuzzer feeds with bytes (scripts/fuzz.sh): of files that
// people write, whatever is in them.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace initscope {

struct FuzzTarget {
  std::string_view name;  // of its folder in scripts/tests/fuzz, too
  // Reads `bytes`, which must be read or refused in one line. Returns whether
  // they were read; aborts, or says in `wrong`, what must not be.
  bool (*read)(const std::string& bytes, std::string* wrong);
};

std::span<const FuzzTarget> FuzzTargets();

}  // namespace initscope
