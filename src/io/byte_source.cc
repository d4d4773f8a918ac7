#include "io/byte_source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <new>
#include <span>
#include <system_error>

#include "base/machine.h"

namespace initscope {
namespace {

// read() takes at most 2 GiB, zlib counts in 32 bits: both get pieces.
constexpr size_t kMaxPiece = size_t{1} << 30;

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  operator int() const { return fd_; }  // NOLINT(google-explicit-constructor)

 private:
  int fd_;
};

UserError SystemError(const std::string& path, int error) {
  return DataError(path, "cannot read the data file: " +
                             std::generic_category().message(error));
}

std::vector<uint8_t> ReadFile(const std::string& path) {
  const FileDescriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status;
  if (fd < 0 || fstat(fd, &status) != 0) throw SystemError(path, errno);
  if (S_ISDIR(status.st_mode)) throw SystemError(path, EISDIR);
  if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode))
    throw DataError(path, "a device, not a data file");
  // The size is a hint: pipes have none. One byte more, and the end of an
  // ordinary file is seen without growing.
  std::vector<uint8_t> content(static_cast<size_t>(status.st_size) + 1);
  size_t size = 0;
  while (true) {
    if (size == content.size()) content.resize(2 * size + 4096);
    const ssize_t count = read(fd, content.data() + size,
                               std::min(content.size() - size, kMaxPiece));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw SystemError(path, errno);
    if (count == 0) break;
    size += static_cast<size_t>(count);
  }
  content.resize(size);
  return content;
}

class InflateStream {
 public:
  InflateStream() {
    constexpr int kGzipOnly = 16;  // added to the window bits, see zlib.h
    if (inflateInit2(&stream_, kGzipOnly + MAX_WBITS) != Z_OK)
      throw std::bad_alloc();
  }
  ~InflateStream() { inflateEnd(&stream_); }
  InflateStream(const InflateStream&) = delete;
  InflateStream& operator=(const InflateStream&) = delete;
  z_stream* operator->() { return &stream_; }
  z_stream* get() { return &stream_; }

 private:
  z_stream stream_ = {};
};

bool IsGzip(std::span<const uint8_t> content) {
  return content.size() >= 2 && content[0] == 0x1f && content[1] == 0x8b;
}

// A first guess of the decompressed size: the trailer of the last member, but
// no more than deflate can expand to (a damaged trailer must not ask for 4
// GiB).
size_t SizeHint(std::span<const uint8_t> gzip) {
  constexpr size_t kMaxExpansion = 1032;
  if (gzip.size() < 4) return 4096;
  const uint8_t* tail = gzip.data() + gzip.size() - 4;
  const size_t size = tail[0] | size_t{tail[1]} << 8 | size_t{tail[2]} << 16 |
                      size_t{tail[3]} << 24;
  return std::min(size, kMaxExpansion * gzip.size()) + 4096;
}

std::vector<uint8_t> Gunzip(std::span<const uint8_t> gzip,
                            const std::string& path) {
  InflateStream stream;
  std::vector<uint8_t> content(SizeHint(gzip));
  size_t used = 0, size = 0;
  while (true) {
    if (size == content.size()) {
      // Some kilobytes may unpack to more than there is room for.
      if (3.0 * static_cast<double>(size) > MachineMemory())
        throw std::bad_alloc();
      content.resize(2 * size);
    }
    const size_t in = std::min(gzip.size() - used, kMaxPiece);
    const size_t out = std::min(content.size() - size, kMaxPiece);
    stream->next_in = const_cast<Bytef*>(gzip.data() + used);
    stream->avail_in = static_cast<uInt>(in);
    stream->next_out = content.data() + size;
    stream->avail_out = static_cast<uInt>(out);
    const int status = inflate(stream.get(), Z_NO_FLUSH);
    used += in - stream->avail_in;
    size += out - stream->avail_out;
    if (status == Z_STREAM_END) {
      if (used == gzip.size()) break;
      if (!IsGzip(gzip.subspan(used)))
        throw DataError(path, fmt::format("{} bytes of something else follow "
                                          "the gzip data; get the file again",
                                          gzip.size() - used));
      inflateReset(stream.get());
    } else if (status == Z_MEM_ERROR) {
      throw std::bad_alloc();
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      throw DataError(
          path, fmt::format("the gzip data is corrupt ({}); get the file again",
                            stream->msg ? stream->msg : "no detail"));
    } else if (used == gzip.size() && size < content.size()) {
      throw DataError(path,
                      fmt::format("the gzip data is cut short after {} bytes; "
                                  "get the file again",
                                  gzip.size()));
    }
  }
  content.resize(size);
  return content;
}

}  // namespace

std::vector<uint8_t> ReadBytes(const std::string& path) {
  std::vector<uint8_t> content = ReadFile(path);
  if (IsGzip(content)) content = Gunzip(content, path);
  if (content.empty()) throw DataError(path, "the data file is empty");
  return content;
}

}  // namespace initscope
