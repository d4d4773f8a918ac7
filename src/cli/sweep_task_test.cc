#include "cli/sweep_task.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file_tree_test.h"

namespace initscope {
namespace {

constexpr double kMoreThanAnyDisk = 1e21;

TEST(CheckRoom, RefusesPartsThatDoNotFit) {
  const FileTree tree{{}};
  try {
    CheckRoom(tree.root() / "a.h5", kMoreThanAnyDisk, 0, {});
    FAIL();
  } catch (const UserError& error) {
    EXPECT_EQ(error.code(), ExitCode::kCannotCreate);
    EXPECT_NE(std::string(error.what()).find("a.h5: the results take"),
              std::string::npos);
  }
}

// A file whose columns repeat is much smaller.
TEST(CheckRoom, SaysThatTheFileMayNotFit) {
  const FileTree tree{{}};
  Options options;
  const auto said = [&](double part_bytes, double file_bytes) {
    testing::internal::CaptureStderr();
    CheckRoom(tree.root() / "a.h5", part_bytes, file_bytes, options);
    return testing::internal::GetCapturedStderr();
  };
  EXPECT_NE(said(0, kMoreThanAnyDisk).find("take up to"), std::string::npos);
  EXPECT_EQ(said(1, 1), "");
  options.quiet = true;
  EXPECT_EQ(said(0, kMoreThanAnyDisk), "");
}

TEST(CheckRoom, KnowsNoFileSystemWhereThereIsNone) {
  EXPECT_NO_THROW(CheckRoom("/no/such/folder/a.h5", kMoreThanAnyDisk,
                            kMoreThanAnyDisk, {}));
}

}  // namespace
}  // namespace initscope
