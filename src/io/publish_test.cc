#include "io/publish.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "base/file_tree_test.h"
#include "base/machine.h"
#include "io/results_writer.h"

namespace initscope {
namespace {

namespace fs = std::filesystem;

class PublishTest : public testing::Test {
 protected:
  const FileTree tree_{{}};
  const fs::path folder_ = tree_.root();
};

void WriteSomething(Hdf5Writer* writer) {
  WriteRoot({"a", "", "", UtcNow()}, writer);
}

// What Publish() says when it throws.
std::string Failure(OutputFile* output,
                    const std::function<void(Hdf5Writer*)>& write) {
  try {
    Publish(output, write);
  } catch (const OutputError& error) {
    return error.what();
  }
  return "no failure";
}

TEST_F(PublishTest, WritesBesideAFileThatAppearedMeanwhile) {
  const fs::path path = folder_ / "a.h5", other = folder_ / "a.rescued-2.h5";
  OutputFile output(path, false);
  std::ofstream(path) << "theirs";
  std::ofstream(folder_ / "a.rescued-1.h5") << "of another day";
  EXPECT_THAT(Failure(&output, WriteSomething),
              testing::HasSubstr("the results are in " + other.string()));
  EXPECT_TRUE(fs::file_size(other) > 1000);
  EXPECT_EQ(fs::file_size(path), 6u);
}

TEST(Hdf5Writer, SaysThatAFileInMemoryCannotBeWritten) {
  for (const auto& [path, why] :
       {std::pair{"/dev/full", "No space left on device"},
        {"/nowhere/a.h5", "No such file or directory"}}) {
    Hdf5Writer writer(path, "a.h5", OutputKind::kSmallResults);
    WriteSomething(&writer);
    try {
      writer.Close();
      ADD_FAILURE() << path << " was written";
    } catch (const OutputError& error) {
      EXPECT_EQ(error.code(), ExitCode::kIo);
      EXPECT_EQ(error.what(),
                std::string("a.h5: cannot write the file: ") + why);
    }
  }
}

TEST_F(PublishTest, WritesElsewhereWhereTheFolderIsGone) {
  fs::create_directory(folder_ / "b");
  const fs::path before = fs::current_path();
  fs::current_path(folder_);
  OutputFile output("b/a.h5", false);
  fs::remove_all(folder_ / "b");
  EXPECT_THAT(Failure(&output, WriteSomething),
              testing::HasSubstr("the results are in a.rescued-1.h5"));
  EXPECT_TRUE(fs::exists(folder_ / "a.rescued-1.h5"));
  fs::current_path(before);
}

TEST_F(PublishTest, LeavesNothingOfOtherFailures) {
  OutputFile output(folder_ / "a.h5", false);
  EXPECT_THROW(
      Publish(&output, [](Hdf5Writer*) { throw std::runtime_error("stop"); }),
      std::runtime_error);
  EXPECT_FALSE(fs::exists(folder_ / "a.h5"));
  EXPECT_FALSE(fs::exists(folder_ / "a.rescued-1.h5"));
}

}  // namespace
}  // namespace initscope
