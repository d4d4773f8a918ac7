#include "io/output_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <fstream>
#include <vector>

#include "base/error.h"
#include "base/file_tree_test.h"
#include "base/machine.h"
#include "io/publish.h"
#include "io/results_writer.h"

namespace initscope {
namespace {

namespace fs = std::filesystem;

class OutputFileTest : public testing::Test {
 protected:
  size_t FilesInFolder() const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(folder_),
                                             fs::directory_iterator()));
  }
  static void WriteResultsFile(const fs::path& path) {
    OutputFile output(path, false);
    Publish(&output, [](Hdf5Writer* writer) {
      WriteRoot({"a", "", "", UtcNow()}, writer);
    });
  }
  static void Write(const fs::path& path, const std::string& text) {
    std::ofstream(path) << text;
  }
  static std::string Read(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  const FileTree tree_{{}};
  const fs::path folder_ = tree_.root();
};

TEST_F(OutputFileTest, AppearsWholeOnCommit) {
  const fs::path path = folder_ / "a.h5";
  OutputFile file(path, false);
  Write(file.temporary(), "whole");
  EXPECT_FALSE(fs::exists(path));
  file.Commit();
  EXPECT_EQ(Read(path), "whole");
  EXPECT_EQ(FilesInFolder(), 1u);
}

TEST_F(OutputFileTest, LeavesNothingWithoutCommit) {
  { OutputFile file(folder_ / "a.h5", false); }
  EXPECT_EQ(FilesInFolder(), 0u);
}

// What a killed process leaves may be locked for a moment more, by one that it
// had started.
TEST_F(OutputFileTest, RemovesWhatKilledProcessesLeft) {
  const auto leave = [&](const std::string& end) {
    fs::path path = folder_ / (".b.h5.initscope-" + HostName() + "-" + end);
    Write(path, "half");
    return path;
  };
  leave("abcdef");
  const int held = open(leave("ghijkl").c_str(), O_RDWR);
  ASSERT_EQ(flock(held, LOCK_EX | LOCK_NB), 0);
  OutputFile file(folder_ / "a.h5", false);
  EXPECT_EQ(FilesInFolder(), 2u);
  ASSERT_EQ(close(held), 0);
  file.Commit();
  EXPECT_EQ(FilesInFolder(), 1u);
}

TEST_F(OutputFileTest, NeverOverwritesUnlessTold) {
  const fs::path path = folder_ / "a.h5";
  WriteResultsFile(path);
  const std::string old = Read(path);
  EXPECT_THROW(OutputFile(path, false), UserError);
  OutputFile file(path, true);
  Write(file.temporary(), "new");
  EXPECT_EQ(Read(path), old);
  file.Commit();
  EXPECT_EQ(Read(path), "new");
}

TEST_F(OutputFileTest, OverwritesNothingButResults) {
  const fs::path path = folder_ / "a.h5";
  Write(path, "old");
  EXPECT_THROW(OutputFile(path, true), UserError);
  EXPECT_EQ(Read(path), "old");
  Write(path, "");
  OutputFile(path, true);
}

TEST_F(OutputFileTest, NeverOverwritesAnInput) {
  const fs::path path = folder_ / "a.h5";
  WriteResultsFile(path);
  fs::create_hard_link(path, folder_ / "b.h5");
  const std::vector<fs::path> inputs = {folder_ / "none", folder_ / "b.h5"};
  EXPECT_THROW(OutputFile(path, true, inputs), UserError);
  OutputFile(path, true, {inputs.data(), 1});
}

TEST_F(OutputFileTest, SaysThatThePlaceIsAtFault) {
  const fs::path path = folder_ / "a.h5";
  OutputFile file(path, false);
  Write(file.temporary(), "whole");
  fs::remove(file.temporary());
  EXPECT_THROW(file.Commit(), OutputError);
  EXPECT_FALSE(file.committed());
}

TEST_F(OutputFileTest, NoticesAFileThatAppearedMeanwhile) {
  const fs::path path = folder_ / "a.h5";
  OutputFile file(path, false);
  Write(file.temporary(), "mine");
  Write(path, "theirs");
  EXPECT_THROW(file.Commit(), UserError);
  EXPECT_EQ(Read(path), "theirs");
}

TEST_F(OutputFileTest, RefusesFoldersThatAreMissingOrAreTheFile) {
  EXPECT_THROW(OutputFile(folder_ / "no" / "a.h5", false), UserError);
  EXPECT_THROW(OutputFile(folder_, true), UserError);
  Write(folder_ / "file", "");
  EXPECT_THROW(OutputFile(folder_ / "file" / "a.h5", false), UserError);
}

}  // namespace
}  // namespace initscope
