// A lock (flock) on a file in which its holder says who it is. The system takes
// it back when the process ends, however that happens; the file stays.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

namespace initscope {

class LockFile {
 public:
  enum class Mode { kExclusive, kShared };

  // Creates the file, and its folder, if they are not there. Returns null if
  // another process has a lock that excludes this one. Throws OutputError
  // (kCannotCreate) if the file cannot be made, or the file system has no
  // locks. An exclusive holder writes its name into the file.
  static std::unique_ptr<LockFile> Try(const std::filesystem::path& path,
                                       Mode mode);
  ~LockFile();
  LockFile(const LockFile&) = delete;
  LockFile& operator=(const LockFile&) = delete;

  // The exclusive holder: "process 4711 on a-host since 2026-01-01T…"; "" if
  // there is none.
  static std::string Holder(const std::filesystem::path& path);

 private:
  explicit LockFile(int file) : file_(file) {}

  const int file_;
};

}  // namespace initscope
