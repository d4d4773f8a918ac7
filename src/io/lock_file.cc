#include "io/lock_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "base/machine.h"
#include "base/quoted_text.h"
#include "io/output_file.h"

namespace initscope {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void FailLock(const fs::path& path, const char* what) {
  throw OutputError(ExitCode::kCannotCreate, "{}: {}: {}", path.string(), what,
                    std::strerror(errno));
}

// Whether the lock was taken; another process may look whether it is free, and
// have it for that moment.
bool TakeLock(int file, LockFile::Mode mode) {
  const int operation = mode == LockFile::Mode::kShared ? LOCK_SH : LOCK_EX;
  for (int left = 10;; --left) {
    if (flock(file, operation | LOCK_NB) == 0) return true;
    if (left == 0 || errno != EWOULDBLOCK) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
  }
}

void WriteHolder(int file, const fs::path& path) {
  const std::string holder =
      fmt::format("{} on {} since {}", getpid(), HostName(), UtcNow());
  if (ftruncate(file, 0) != 0 ||
      pwrite(file, holder.data(), holder.size(), 0) !=
          static_cast<ssize_t>(holder.size())) {
    FailLock(path, "cannot be written");
  }
}

}  // namespace

std::unique_ptr<LockFile> LockFile::Try(const fs::path& path, Mode mode) {
  for (int left = 100;; --left) {
    const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (file < 0) {
      // The process that had the folder may have removed it meanwhile, and
      // another one may make it at the same time.
      if (errno == ENOENT && left > 0 &&
          (mkdir(path.parent_path().c_str(), 0777) == 0 || errno == EEXIST)) {
        continue;
      }
      FailLock(path, "cannot be created");
    }
    std::unique_ptr<LockFile> lock(new LockFile(file));
    if (!TakeLock(file, mode)) {
      if (errno == EWOULDBLOCK) return nullptr;
      FailLock(path,
               "the file system has no locks (--no-lock goes on without one, "
               "if no other process computes this sweep)");
    }
    struct stat status = {};
    if (fstat(file, &status) != 0) FailLock(path, "cannot be read");
    if (status.st_nlink == 0) continue;  // so has the file
    if (mode == Mode::kExclusive) WriteHolder(file, path);
    return lock;
  }
}

LockFile::~LockFile() { close(file_); }

std::string LockFile::Holder(const fs::path& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return "";
  std::string text;
  if (flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    constexpr size_t kMostHolder = 400;
    text.resize(kMostHolder);
    const ssize_t size = pread(file, text.data(), text.size(), 0);
    text.resize(static_cast<size_t>(std::max<ssize_t>(size, 0)));
    text = text.empty() ? "another process" : "process " + Quoted(text, 200);
  }
  close(file);
  return text;
}

}  // namespace initscope
