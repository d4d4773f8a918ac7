// The bytes of a data file, decompressed where it is gzipped, piece by piece,
// so that a reader can refuse a file before it fills the memory.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/quoted_text.h"
#include "io/file_reader.h"

struct z_stream_s;  // zlib's

namespace initscope {

// The error that says what is wrong with the data file at `path`.
template <typename... Args>
UserError DataError(const std::string& path, fmt::format_string<Args...> what,
                    Args&&... args) {
  return UserError(ExitCode::kData, "{}: {}", QuotedPath(path),
                   fmt::format(what, std::forward<Args>(args)...));
}

// "a, b, c", for messages; a long list ends in '…'.
template <class Range>
std::string Listed(const Range& items, std::string_view separator = ", ") {
  constexpr size_t kMostShown = 600;
  std::string text;
  for (const auto& item : items) {
    text += fmt::format("{}{}", text.empty() ? "" : separator, item);
    if (text.size() > kMostShown) break;
  }
  return Quoted(text, kMostShown);
}

class ByteSource {
 public:
  // Opens the file at `path`. Content that begins as gzip does (RFC 1952),
  // whatever the file's name, is decompressed, all its members. Throws
  // UserError (kData) for a file that is missing, a folder, a device,
  // unreadable or empty.
  explicit ByteSource(const std::string& path);
  ~ByteSource();
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  const std::string& path() const { return path_; }
  bool gzipped() const { return gzip_; }

  // The first kFileStart bytes, or all of a shorter file; always available.
  std::span<const uint8_t> start() const { return start_; }

  // Fills `out` with the next `size` bytes and returns how many there were:
  // fewer only at the end. Throws UserError (kData) if they cannot be read, if
  // a gzip stream is cut short, corrupt or followed by something else, and if
  // it expands as no data does, unless ExpectBytes() was called.
  size_t Read(uint8_t* out, size_t size);

  // Announces that a header promises `bytes` more. Throws UserError (kData) if
  // they do not fit into memory.
  void ExpectBytes(size_t bytes);

  // The size of the content, where it is known: 0 for pipes and gzip data.
  size_t SizeHint() const { return gzip_ ? 0 : file_.size(); }

  // All bytes, from the first one on. REQUIRES: nothing has been read yet.
  std::vector<uint8_t> ReadAll();

 private:
  void Refill();
  size_t ReadContent(uint8_t* out, size_t size);
  size_t Inflate(uint8_t* out, size_t size);
  void BeginMember();
  void RefuseEndless() const;

  std::string path_;
  FileReader file_;

  std::vector<uint8_t> start_;
  size_t start_used_ = 0;
  bool expected_ = false;

  std::vector<uint8_t> input_;          // stored bytes, read ahead
  std::unique_ptr<z_stream_s> stream_;  // over those not yet consumed
  bool gzip_ = false;
  bool gzip_ended_ = false;
  size_t compressed_ = 0, expanded_ = 0;  // bytes so far
};

// Throws UserError (kData) if `bytes` do not fit into this machine's memory.
void CheckFits(double bytes, const std::string& path);

}  // namespace initscope
