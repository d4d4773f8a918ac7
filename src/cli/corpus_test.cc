// The files that scripts/fuzz.sh has found to reach different code, again: each
// is read, or refused in one line.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/build_info.h"
#include "cli/targets_fuzz.h"

namespace initscope {
namespace {

namespace fs = std::filesystem;

TEST(Corpus, IsReadOrRefused) {
  const fs::path folder =
      fs::path(GetBuildInfo().source_dir) / "scripts/tests/fuzz";
  for (const FuzzTarget& target : FuzzTargets()) {
    size_t read = 0, refused = 0;
    for (const auto& entry : fs::directory_iterator(folder / target.name)) {
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(file), {}};
      std::string wrong;
      ++(target.read(bytes, &wrong) ? read : refused);
      EXPECT_EQ(wrong, "") << entry.path();
    }
    printf("%s: %zu read, %zu refused\n", std::string(target.name).c_str(),
           read, refused);
    EXPECT_GT(read, 2u) << target.name;
    EXPECT_GT(refused, 5u) << target.name;
  }
}

}  // namespace
}  // namespace initscope
