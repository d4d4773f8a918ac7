// A new folder for temporary files, which is removed with all that is in it.
#pragma once

#include <filesystem>

namespace initscope {

class TemporaryFolder {
 public:
  // Throws OutputError (kCannotCreate) if there is no place for it.
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace initscope
