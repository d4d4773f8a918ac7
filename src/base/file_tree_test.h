// A temporary folder with files, for tests of what reads them.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

namespace initscope {

class FileTree {
 public:
  // Paths below the folder, and what the files hold.
  explicit FileTree(const std::map<std::string, std::string>& files) {
    std::string name = testing::TempDir() + "tree-XXXXXX";
    root_ = mkdtemp(name.data());
    for (const auto& [path, text] : files) {
      std::filesystem::create_directories((root_ / path).parent_path());
      std::ofstream(root_ / path) << text;
    }
  }
  ~FileTree() { std::filesystem::remove_all(root_); }
  FileTree(const FileTree&) = delete;
  FileTree& operator=(const FileTree&) = delete;

  const std::filesystem::path& root() const { return root_; }

 private:
  std::filesystem::path root_;
};

}  // namespace initscope
