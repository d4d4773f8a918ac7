#include "io/closing_line.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/sha256.h"
#include "io/file_reader.h"

namespace initscope {
namespace {

constexpr std::string_view kMark = "\ninitscope sha256 ";
static_assert(kClosingLineBytes == kMark.size() + 64 + 1);

// The digest of the next `size` bytes, or of those that there are.
std::string DigestOf(FileReader* file, size_t size) {
  std::vector<uint8_t> block(std::min(size, size_t{1} << 20));
  Sha256 sha;
  while (size > 0) {
    const size_t count = file->Read(block.data(), std::min(size, block.size()));
    if (count == 0) break;
    sha.Update(block.data(), count);
    size -= count;
  }
  return sha.HexDigest();
}

}  // namespace

std::string ClosingLine(const std::string& digest) {
  return std::string(kMark) + digest + "\n";
}

std::string DigestOfFile(const std::string& path) {
  FileReader file(path, "results file", ExitCode::kIo);
  return DigestOf(&file, file.size());
}

void AppendClosingLine(const std::string& path, const std::string& digest) {
  const int error = WriteBytes(path, O_APPEND, ClosingLine(digest));
  if (error != 0) {
    throw UserError(ExitCode::kIo, "{}: cannot write: {}", path,
                    std::strerror(error));
  }
}

int WriteBytes(const std::string& path, int flags, std::string_view bytes) {
  const int file = open(path.c_str(), O_WRONLY | O_CLOEXEC | flags);
  if (file < 0) return errno;
  int error = 0;
  while (error == 0 && !bytes.empty()) {
    const ssize_t written = write(file, bytes.data(), bytes.size());
    if (written > 0) {
      bytes.remove_prefix(static_cast<size_t>(written));
    } else if (written == 0 || errno != EINTR) {
      error = written == 0 ? EIO : errno;
    }
  }
  if (close(file) != 0 && error == 0) error = errno;
  return error;
}

Closing ReadClosing(const std::string& path) {
  FileReader file(path, "results file", ExitCode::kIo);
  if (file.size() < kClosingLineBytes) return Closing::kNone;
  const std::string digest = DigestOf(&file, file.size() - kClosingLineBytes);
  std::string line(kClosingLineBytes, '\0');
  line.resize(file.Read(reinterpret_cast<uint8_t*>(line.data()), line.size()));
  if (line == ClosingLine(digest)) return Closing::kRight;
  // Also a line that is cut.
  return line.find(kMark) == std::string::npos ? Closing::kNone
                                               : Closing::kDamaged;
}

}  // namespace initscope
