#include "io/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "base/error.h"
#include "io/guarded_read.h"
#include "io/output_error.h"
#include "io/results_reader.h"
#include "io/temporary_file.h"

namespace initscope {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void Refuse(const fs::path& path, const std::string& why) {
  throw OutputError(ExitCode::kCannotCreate,
                    fmt::format("{}: {}", path.string(), why));
}

constexpr const char* kExists =
    "exists already; --force overwrites it, --output FILE names another";

fs::path FolderOf(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

// Endings that say that a file is something else.
constexpr const char* kOtherFormats[] = {
    ".csv", ".tsv", ".txt",  ".json", ".ini", ".toml", ".yaml", ".yml",
    ".npy", ".npz", ".idx",  ".gz",   ".zip", ".xz",   ".png",  ".svg",
    ".pdf", ".py",  ".md",   ".mat",  ".log", ".xlsx", ".pt",   ".pth",
    ".pkl", ".sh",  ".html", ".cc",   ".h",   ".ipynb"};

void CheckName(const fs::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  const std::string name = path.filename().string();
  if (std::find(std::begin(kOtherFormats), std::end(kOtherFormats),
                extension) != std::end(kOtherFormats)) {
    Refuse(path, fmt::format("results are an HDF5 file and its name says {}; "
                             "name one that ends in .h5",
                             extension));
  }
  if (name.size() > NAME_MAX) {
    Refuse(path, fmt::format("the name is too long ({} bytes; {} at most)",
                             name.size(), NAME_MAX));
  }
}

void CheckFolder(const fs::path& path) {
  const fs::path folder = FolderOf(path);
  std::error_code error;
  if (fs::is_directory(folder, error)) return;
  if (error && error != std::errc::no_such_file_or_directory &&
      error != std::errc::not_a_directory) {
    Refuse(path, fmt::format("cannot look into {}: {}", folder.string(),
                             error.message()));
  }
  Refuse(path, fmt::format("{} {}", folder.string(),
                           fs::exists(folder, error)
                               ? "is not a folder; name another"
                               : "does not exist; create the folder first"));
}

// An input by any name: another spelling, a link.
void CheckInputs(const fs::path& path, std::span<const fs::path> inputs) {
  std::error_code error;
  for (const fs::path& input : inputs) {
    if (!fs::equivalent(path, input, error) || error) continue;
    Refuse(path, fmt::format("is one of this experiment's own inputs ({}); "
                             "--output FILE names another",
                             input.string()));
  }
}

// What stands there already, and whether it may be replaced.
void CheckExisting(const fs::path& path, bool overwrite) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (fs::is_directory(status)) Refuse(path, "is a folder; name a file in it");
  // Renaming onto /dev/null would replace it.
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    Refuse(path, "is not an ordinary file; name another");
  }
  if (!fs::exists(fs::symlink_status(path, error))) return;
  if (!overwrite) Refuse(path, kExists);
  if (!fs::exists(status) || fs::file_size(path, error) == 0) return;
  try {
    GuardedRead(path.string(), [&] {
      const ResultsReader reader(path.string());
      return std::string();
    });
  } catch (const UserError& not_ours) {
    Refuse(path, fmt::format("--force overwrites results files alone, and this "
                             "is another file ({}); remove it yourself, or "
                             "name another",
                             std::string_view(not_ours.what())
                                 .substr(path.string().size() + 2)));
  }
}

// As a new file shows whether a place takes any: its first byte.
bool TakesData(int file) {
  const char byte = 0;
  return pwrite(file, &byte, 1, 0) == 1 && ftruncate(file, 0) == 0;
}

// A file system that cannot sync has nothing that is not yet on its disk.
bool Sync(int file) {
  return fsync(file) == 0 || errno == EINVAL || errno == ENOTSUP ||
         errno == ENOSYS;
}

bool SyncFolder(const fs::path& folder) {
  const int file = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return false;
  const bool synced = Sync(file);
  const int error = errno;
  const bool closed = close(file) == 0;
  if (!synced) errno = error;
  return synced && closed;
}

}  // namespace

OutputFile::OutputFile(fs::path path, bool overwrite,
                       std::span<const fs::path> inputs)
    : path_(std::move(path)), overwrite_(overwrite) {
  CheckName(path_);
  CheckFolder(path_);
  CheckInputs(path_, inputs);
  CheckExisting(path_, overwrite_);
  const fs::path folder = FolderOf(path_);
  RemoveAbandonedFiles(folder);
  const TemporaryFile created =
      CreateTemporaryFile(folder, path_.filename().string());
  if (created.descriptor < 0) {
    Refuse(path_, fmt::format("cannot create a file in {}: {}", folder.string(),
                              std::strerror(errno)));
  }
  temporary_ = created.path;
  file_ = created.descriptor;
  if (!TakesData(file_)) {
    const int error = errno;
    unlink(temporary_.c_str());
    close(file_);
    throw OutputError(ExitCode::kIo,
                      fmt::format("{}: cannot write to {}: {}", path_.string(),
                                  folder.string(), std::strerror(error)));
  }
}

OutputFile::~OutputFile() {
  if (!committed_) unlink(temporary_.c_str());
  if (file_ >= 0) close(file_);
}

void OutputFile::Commit() {
  const auto fail = [this](const std::string& what, int error) {
    throw OutputError(ExitCode::kIo, fmt::format("{}: {}: {}", path_.string(),
                                                 what, std::strerror(error)));
  };
  if (!Sync(file_)) fail("cannot sync the file to disk", errno);
  const unsigned int flags = overwrite_ ? 0 : RENAME_NOREPLACE;
  int status =
      renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, path_.c_str(), flags);
  if (status != 0 && errno == EINVAL) {  // a file system without NOREPLACE
    std::error_code error;
    if (fs::exists(path_, error) && !overwrite_) Refuse(path_, kExists);
    status = rename(temporary_.c_str(), path_.c_str());
  }
  if (status != 0) {
    if (errno == EEXIST) Refuse(path_, kExists);
    fail("cannot rename the finished file", errno);
  }
  committed_ = true;
  if (close(std::exchange(file_, -1)) != 0) {
    fail("is in place and whole, but closing it failed", errno);
  }
  if (!SyncFolder(FolderOf(path_))) {
    fail(
        "is in place and whole, but its folder cannot be synced to disk, so "
        "that it may be gone after a power failure",
        errno);
  }
}

}  // namespace initscope
