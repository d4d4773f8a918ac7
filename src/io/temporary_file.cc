#include "io/temporary_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

namespace initscope {
namespace {

namespace fs = std::filesystem;

constexpr size_t kRandomCharacters = 6;

// "initscope-HOST-": what is between the output's name and the random end.
std::string OwnerMark() {
  char host[65] = {};
  if (gethostname(host, sizeof(host) - 1) != 0) host[0] = '\0';
  return fmt::format(".initscope-{}-", host);
}

// Whether `name` is that of a temporary file of this machine.
bool IsTemporary(const std::string& name, const std::string& mark) {
  return name.starts_with('.') &&
         name.size() > mark.size() + kRandomCharacters &&
         name.substr(name.size() - kRandomCharacters - mark.size(),
                     mark.size()) == mark;
}

// mkstemp() makes files that are their owner's alone.
bool SetOrdinaryMode(int file) {
  const mode_t mask = umask(0);
  umask(mask);
  // A file system without permissions has none to set.
  return fchmod(file, 0666 & ~mask) == 0 || errno == EPERM ||
         errno == ENOTSUP || errno == ENOSYS;
}

}  // namespace

TemporaryFile CreateTemporaryFile(const fs::path& folder,
                                  const std::string& name) {
  // Long names lose their end, so that this one is not too long.
  const std::string pattern =
      (folder / fmt::format(".{}{}{}", name.substr(0, 120), OwnerMark(),
                            std::string(kRandomCharacters, 'X')))
          .string();
  for (int attempt = 0; attempt < 10; ++attempt) {
    std::vector<char> path(pattern.begin(), pattern.end());
    path.push_back('\0');
    const int file = mkstemp(path.data());
    if (file < 0) return {};
    // Between creation and lock it looked abandoned, and may be gone.
    flock(file, LOCK_EX | LOCK_NB);
    struct stat status = {};
    if (!SetOrdinaryMode(file) || fstat(file, &status) != 0) {
      const int error = errno;
      unlink(path.data());
      close(file);
      errno = error;
      return {};
    }
    if (status.st_nlink > 0) return {path.data(), file};
    close(file);
  }
  errno = EAGAIN;
  return {};
}

void RemoveAbandonedFiles(const fs::path& folder) {
  const std::string mark = OwnerMark();
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    if (!IsTemporary(it->path().filename().string(), mark)) continue;
    const int file = open(it->path().c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (file < 0) continue;
    if (flock(file, LOCK_EX | LOCK_NB) == 0) unlink(it->path().c_str());
    close(file);
  }
}

}  // namespace initscope
