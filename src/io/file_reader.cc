#include "io/file_reader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "base/quoted_text.h"

namespace initscope {

FileReader::FileReader(const std::string& path, const char* what, ExitCode code)
    : path_(path), what_(what), code_(code) {
  fd_ = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd_ < 0) Fail(errno);
  // From here on the destructor does not run when the constructor throws.
  struct stat status = {};
  const int error = fstat(fd_, &status) != 0  ? errno
                    : S_ISDIR(status.st_mode) ? EISDIR
                                              : 0;
  const bool device = S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode);
  if (error != 0 || device) close(fd_);
  if (error != 0) Fail(error);
  if (device) {
    throw UserError(code_, "{}: a device, not {} {}", QuotedPath(path_),
                    *what_ == 'e' ? "an" : "a", what_);
  }
  if (S_ISREG(status.st_mode)) size_ = static_cast<size_t>(status.st_size);
}

FileReader::~FileReader() { close(fd_); }

void FileReader::Fail(int error) const {
  throw UserError(code_, "{}: cannot read the {}: {}", QuotedPath(path_), what_,
                  std::generic_category().message(error));
}

size_t FileReader::Read(uint8_t* out, size_t size) {
  constexpr size_t kMaxPiece = size_t{1} << 30;  // read() takes at most 2 GiB
  size_t filled = 0;
  while (filled < size) {
    const ssize_t count =
        read(fd_, out + filled, std::min(size - filled, kMaxPiece));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) Fail(errno);
    if (count == 0) break;
    filled += static_cast<size_t>(count);
  }
  return filled;
}

}  // namespace initscope
