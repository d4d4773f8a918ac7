// The bytes of a data file, gunzipped where it is gzipped, piece by piece: what
// they are is known before they fill the memory.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/quoted_text.h"
#include "io/file_reader.h"

struct z_stream_s;  // zlib's

namespace initscope {

// The error that says what is wrong with the data file at `path`.
inline UserError DataError(const std::string& path, const std::string& what) {
  return UserError(ExitCode::kData, QuotedPath(path) + ": " + what);
}

// "a, b, c", for messages, of which a long one ends in '…'.
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
  // Content that begins as gzip does (RFC 1952), whatever the file's name, is
  // decompressed, all its members. Throws UserError (kData) for a file that is
  // missing, a folder, a device, unreadable or empty.
  explicit ByteSource(const std::string& path);
  // Of content in memory; `path` is for messages.
  ByteSource(std::vector<uint8_t> content, const std::string& path);
  ~ByteSource();
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  const std::string& path() const { return path_; }
  bool gzipped() const { return gzip_; }

  // The first kFileStart bytes, or all there are, read or not.
  std::span<const uint8_t> start() const { return start_; }

  // Fills `out` with the next `size` bytes and returns how many there were:
  // fewer only at the end. Throws UserError (kData) where they cannot be read,
  // for a gzip stream that is cut short, corrupt or followed by something else,
  // and for one that expands as no data does, unless ExpectBytes() was called.
  size_t Read(uint8_t* out, size_t size);

  // Says that a header promises `bytes` more. Throws UserError (kData) where
  // they do not fit into memory.
  void ExpectBytes(size_t bytes);

  // About how many bytes there are in all; 0 where nothing is known.
  size_t SizeHint() const { return size_hint_; }

  // All bytes, from the first one on. REQUIRES: nothing was read yet.
  std::vector<uint8_t> ReadAll();

 private:
  void Open();
  size_t ReadStored(uint8_t* out, size_t size);
  size_t ReadContent(uint8_t* out, size_t size);
  size_t Inflate(uint8_t* out, size_t size);
  void BeginMember();
  void RefuseEndless() const;

  std::string path_;
  std::unique_ptr<FileReader> file_;  // or
  std::vector<uint8_t> memory_;
  size_t memory_used_ = 0;
  size_t stored_size_ = 0;

  std::vector<uint8_t> start_;
  size_t start_used_ = 0;
  size_t size_hint_ = 0;
  bool expected_ = false;

  std::vector<uint8_t> input_;  // stored bytes that are not yet inflated
  std::unique_ptr<z_stream_s> stream_;  // over input_
  bool gzip_ = false;
  bool gzip_ended_ = false;
  size_t compressed_ = 0, expanded_ = 0;  // bytes so far
};

// The whole content of the file at `path`, as above.
std::vector<uint8_t> ReadBytes(const std::string& path);

// Throws UserError (kData) where `bytes` do not fit into this machine's memory.
void CheckFits(double bytes, const std::string& path);

}  // namespace initscope
