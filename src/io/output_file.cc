#include "io/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "base/machine.h"
#include "base/number_text.h"
#include "io/data_path.h"
#include "io/guarded_read.h"
#include "io/results_reader.h"

namespace initscope {
namespace {

namespace fs = std::filesystem;

template <typename... Args>
[[noreturn]] void Refuse(const fs::path& path, fmt::format_string<Args...> why,
                         Args&&... args) {
  throw OutputError(ExitCode::kCannotCreate, "{}: {}", path.string(),
                    fmt::format(why, std::forward<Args>(args)...));
}

constexpr const char* kExists =
    "exists already; --force overwrites it, --output FILE names another";

fs::path FolderOf(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

// Extensions of other formats.
constexpr const char* kOtherFormats[] = {
    ".csv", ".tsv", ".txt",  ".json", ".ini", ".toml", ".yaml", ".yml",
    ".npy", ".npz", ".idx",  ".gz",   ".zip", ".xz",   ".png",  ".svg",
    ".pdf", ".py",  ".md",   ".mat",  ".log", ".xlsx", ".pt",   ".pth",
    ".pkl", ".sh",  ".html", ".cc",   ".h",   ".ipynb"};

void CheckName(const fs::path& path) {
  const std::string extension = Lower(path.extension().string());
  const std::string name = path.filename().string();
  if (std::ranges::find(kOtherFormats, extension) != std::end(kOtherFormats)) {
    Refuse(path,
           "results are an HDF5 file and its name says {}; name one that ends "
           "in .h5",
           extension);
  }
  if (name.size() > NAME_MAX) {
    Refuse(path, "the name is too long ({} bytes; {} at most)", name.size(),
           NAME_MAX);
  }
}

void CheckFolder(const fs::path& path) {
  const fs::path folder = FolderOf(path);
  std::error_code error;
  if (fs::is_directory(folder, error)) return;
  if (error && error != std::errc::no_such_file_or_directory &&
      error != std::errc::not_a_directory) {
    Refuse(path, "cannot look into {}: {}", folder.string(), error.message());
  }
  Refuse(path, "{} {}", folder.string(),
         fs::exists(folder, error) ? "is not a folder; name another"
                                   : "does not exist; create the folder first");
}

// Recognizes an input by any name: another spelling, a link.
void CheckInputs(const fs::path& path, std::span<const fs::path> inputs) {
  std::error_code error;
  for (const fs::path& input : inputs) {
    if (!fs::equivalent(path, input, error) || error) continue;
    Refuse(path,
           "is one of this experiment's own inputs ({}); --output FILE names "
           "another",
           input.string());
  }
}

// Refuses an existing file that may not be replaced.
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
    Refuse(path,
           "--force overwrites only results files, and this is another file "
           "({}); remove it yourself, or name another",
           std::string_view(not_ours.what()).substr(path.string().size() + 2));
  }
}

// Whether the first byte of a new file can be written.
bool TakesData(int file) {
  const char byte = 0;
  return pwrite(file, &byte, 1, 0) == 1 && ftruncate(file, 0) == 0;
}

// Syncs `file` to disk. A file system that cannot sync holds nothing back.
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

// Temporary files have names ".NAME.initscope-HOST-XXXXXX", and a lock
// (flock()) that tells those of live processes from those that killed ones have
// left.

constexpr size_t kRandomCharacters = 6;
constexpr std::string_view kProgramMark = ".initscope-";

// ".initscope-HOST-", between the name of the output and the random characters.
std::string OwnerMark() {
  return fmt::format("{}{}-", kProgramMark, HostName());
}

// Whether `name` belongs to a temporary file of a machine.
bool IsTemporary(const std::string& name, Machine machine) {
  if (!name.starts_with('.') || name.size() < kRandomCharacters) return false;
  const std::string_view stem(name.data(), name.size() - kRandomCharacters);
  return machine == Machine::kThis
             ? stem.ends_with(OwnerMark())
             : stem.find(kProgramMark) != std::string_view::npos;
}

// Gives a file of mkstemp(), which only its owner can read, the usual mode.
bool SetOrdinaryMode(int file) {
  const mode_t mask = umask(0);
  umask(mask);
  // A file system without permissions has none to set.
  return fchmod(file, 0666 & ~mask) == 0 || errno == EPERM ||
         errno == ENOTSUP || errno == ENOSYS;
}

struct TemporaryFile {
  fs::path path;
  int descriptor = -1;  // open for reading and writing, locked
};

// Creates a temporary file for `name` in `folder`, with the permissions of an
// ordinary new file. It is not locked if the file system has no locks. If it
// cannot be created, `descriptor` is −1 and errno says why.
TemporaryFile CreateTemporaryFile(const fs::path& folder,
                                  const std::string& name) {
  // Long names are cut, so that this one is not too long.
  const std::string pattern =
      (folder / fmt::format(".{}{}{}", name.substr(0, 120), OwnerMark(),
                            std::string(kRandomCharacters, 'X')))
          .string();
  for (int attempt = 0; attempt < 10; ++attempt) {
    std::vector<char> path(pattern.begin(), pattern.end());
    path.push_back('\0');
    const int file = mkstemp(path.data());
    if (file < 0) return {};
    // Until it is locked it looks abandoned, and another process may have
    // removed it, or be about to.
    const bool is_taken =
        flock(file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    struct stat status = {};
    if (!SetOrdinaryMode(file) || fstat(file, &status) != 0) {
      const int error = errno;
      unlink(path.data());
      close(file);
      errno = error;
      return {};
    }
    if (!is_taken && status.st_nlink > 0) return {path.data(), file};
    close(file);
  }
  errno = EAGAIN;
  return {};
}

}  // namespace

void RemoveAbandonedFiles(const fs::path& folder, Machine machine) {
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    if (!IsTemporary(it->path().filename().string(), machine)) continue;
    const int file = open(it->path().c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (file < 0) continue;
    if (flock(file, LOCK_EX | LOCK_NB) == 0) unlink(it->path().c_str());
    close(file);
  }
}

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
    Refuse(path_, "cannot create a file in {}: {}", folder.string(),
           std::strerror(errno));
  }
  temporary_ = created.path;
  file_ = created.descriptor;
  if (!TakesData(file_)) {
    const int error = errno;
    unlink(temporary_.c_str());
    close(file_);
    throw OutputError(ExitCode::kIo, "{}: cannot write to {}: {}",
                      path_.string(), folder.string(), std::strerror(error));
  }
}

OutputFile::~OutputFile() {
  if (!committed_) unlink(temporary_.c_str());
  if (file_ >= 0) close(file_);
}

void OutputFile::Commit() {
  const auto fail = [this](const std::string& what, int error) {
    throw OutputError(ExitCode::kIo, "{}: {}: {}", path_.string(), what,
                      std::strerror(error));
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
  // Those that something of a killed process still held when this one began.
  RemoveAbandonedFiles(FolderOf(path_));
}

}  // namespace initscope
