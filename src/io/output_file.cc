#include "io/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.h"

namespace initscope {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void FailExists(const fs::path& path) {
  throw UserError(ExitCode::kCannotCreate,
                  fmt::format("{}: exists already; --force overwrites it, "
                              "--output FILE names another",
                              path.string()));
}

void Sync(const fs::path& path, int flags) {
  const int file = open(path.c_str(), flags);
  const bool synced = file >= 0 && fsync(file) == 0;
  const int error = errno;
  if (file >= 0) close(file);
  if (!synced) {
    throw UserError(ExitCode::kIo,
                    fmt::format("{}: cannot sync to disk: {}", path.string(),
                                std::strerror(error)));
  }
}

fs::path FolderOf(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

}  // namespace

OutputFile::OutputFile(fs::path path, bool overwrite)
    : path_(std::move(path)), overwrite_(overwrite) {
  const fs::path folder = FolderOf(path_);
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    throw UserError(ExitCode::kCannotCreate,
                    fmt::format("{}: {} {}", path_.string(), folder.string(),
                                fs::exists(folder, error)
                                    ? "is not a folder; name another"
                                    : "does not exist; create the folder "
                                      "first"));
  }
  if (fs::is_directory(path_, error)) {
    throw UserError(
        ExitCode::kCannotCreate,
        fmt::format("{}: is a folder; name a file in it", path_.string()));
  }
  // Renaming onto /dev/null would replace it.
  if (fs::exists(path_, error) && !fs::is_regular_file(path_, error)) {
    throw UserError(ExitCode::kCannotCreate,
                    fmt::format("{}: is not an ordinary file; name another",
                                path_.string()));
  }
  if (!overwrite && fs::exists(fs::symlink_status(path_, error))) {
    FailExists(path_);
  }
  std::string name =
      (folder / ("." + path_.filename().string() + ".XXXXXX")).string();
  const int file = mkstemp(name.data());
  if (file < 0) {
    throw UserError(
        ExitCode::kCannotCreate,
        fmt::format("{}: cannot create a file in {}: {}", path_.string(),
                    folder.string(), std::strerror(errno)));
  }
  const mode_t mask = umask(0);
  umask(mask);
  fchmod(file, 0666 & ~mask);
  close(file);
  temporary_ = name;
}

OutputFile::~OutputFile() {
  std::error_code error;
  if (!committed_) fs::remove(temporary_, error);
}

void OutputFile::Commit() {
  Sync(temporary_, O_RDWR);
  const unsigned int flags = overwrite_ ? 0 : RENAME_NOREPLACE;
  int status =
      renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, path_.c_str(), flags);
  if (status != 0 && errno == EINVAL) {  // a file system without NOREPLACE
    if (fs::exists(path_) && !overwrite_) FailExists(path_);
    status = rename(temporary_.c_str(), path_.c_str());
  }
  if (status != 0) {
    if (errno == EEXIST) FailExists(path_);
    throw UserError(
        ExitCode::kIo,
        fmt::format("{}: cannot be renamed from {}: {}", path_.string(),
                    temporary_.string(), std::strerror(errno)));
  }
  committed_ = true;
  Sync(FolderOf(path_), O_RDONLY | O_DIRECTORY);
}

}  // namespace initscope
