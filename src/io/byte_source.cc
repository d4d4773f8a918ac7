#include "io/byte_source.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "base/machine.h"
#include "io/file_kind.h"

namespace initscope {
namespace {

constexpr size_t kPiece = size_t{1} << 16;

bool IsGzip(std::span<const uint8_t> content) {
  return content.size() >= 2 && content[0] == 0x1f && content[1] == 0x8b;
}

}  // namespace

ByteSource::ByteSource(const std::string& path)
    : path_(path),
      file_(path, "data file", ExitCode::kData),
      stream_(std::make_unique<z_stream>()) {
  Refill();
  if (IsGzip(input_)) {
    constexpr int kGzipOnly = 16;  // added to the window bits, see zlib.h
    if (inflateInit2(stream_.get(), kGzipOnly + MAX_WBITS) != Z_OK)
      throw std::bad_alloc();
    gzip_ = true;
  }
  try {
    start_.resize(kFileStart);
    start_.resize(ReadContent(start_.data(), start_.size()));
    if (start_.empty()) throw DataError(path_, "the data file is empty");
  } catch (...) {
    if (gzip_) inflateEnd(stream_.get());
    throw;
  }
}

ByteSource::~ByteSource() {
  if (gzip_) inflateEnd(stream_.get());
}

size_t ByteSource::Read(uint8_t* out, size_t size) {
  const size_t first = std::min(size, start_.size() - start_used_);
  if (first > 0) std::memcpy(out, start_.data() + start_used_, first);
  start_used_ += first;
  return first + (first < size ? ReadContent(out + first, size - first) : 0);
}

size_t ByteSource::ReadContent(uint8_t* out, size_t size) {
  if (gzip_) return Inflate(out, size);
  const size_t first = std::min<size_t>(size, stream_->avail_in);
  if (first > 0) std::memcpy(out, stream_->next_in, first);
  stream_->next_in += first;
  stream_->avail_in -= static_cast<uInt>(first);
  return first + (first < size ? file_.Read(out + first, size - first) : 0);
}

// Reads ahead, behind the stored bytes that are not yet consumed.
void ByteSource::Refill() {
  const size_t kept = stream_->avail_in;
  if (kept > 0) std::memmove(input_.data(), stream_->next_in, kept);
  input_.resize(kPiece);
  input_.resize(kept + file_.Read(input_.data() + kept, kPiece - kept));
  stream_->next_in = input_.data();
  stream_->avail_in = static_cast<uInt>(input_.size());
}

// Called at the end of a gzip member: another one follows, or nothing.
void ByteSource::BeginMember() {
  if (stream_->avail_in < 2) Refill();
  if (stream_->avail_in == 0) {
    gzip_ended_ = true;
    return;
  }
  if (!IsGzip({stream_->next_in, stream_->avail_in})) {
    size_t rest = stream_->avail_in;
    input_.resize(kPiece);
    while (const size_t count = file_.Read(input_.data(), kPiece))
      rest += count;
    throw DataError(path_,
                    "{} bytes of something else follow the gzip data; get the "
                    "file again",
                    rest);
  }
  inflateReset(stream_.get());
}

// gzip shrinks distinct numbers at most 20-fold and sparse ones 100-fold; what
// expands 400-fold repeats itself.
void ByteSource::RefuseEndless() const {
  constexpr size_t kUnsuspicious = size_t{64} << 20;
  if (expected_ || expanded_ < kUnsuspicious || expanded_ / 400 < compressed_)
    return;
  throw DataError(path_,
                  "{} KiB of gzip data expand to more than {} MiB of the same "
                  "again and again; if that is meant, unpack it with gunzip",
                  compressed_ >> 10, expanded_ >> 20);
}

size_t ByteSource::Inflate(uint8_t* out, size_t size) {
  size_t filled = 0;
  while (filled < size && !gzip_ended_) {
    if (stream_->avail_in == 0) Refill();
    const size_t before = stream_->avail_in;
    const size_t room = std::min(size - filled, kPiece);
    stream_->next_out = out + filled;
    stream_->avail_out = static_cast<uInt>(room);
    const int status = inflate(stream_.get(), Z_NO_FLUSH);
    const size_t produced = room - stream_->avail_out;
    filled += produced;
    expanded_ += produced;
    compressed_ += before - stream_->avail_in;
    RefuseEndless();
    if (status == Z_STREAM_END) {
      BeginMember();
    } else if (status == Z_MEM_ERROR) {
      throw std::bad_alloc();
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      throw DataError(path_,
                      "the gzip data is corrupt ({}); get the file again",
                      stream_->msg ? stream_->msg : "no detail");
    } else if (before == 0 && produced == 0) {
      throw DataError(path_,
                      "the gzip data is cut short after {} bytes; get the file "
                      "again",
                      compressed_);
    }
  }
  return filled;
}

void ByteSource::ExpectBytes(size_t bytes) {
  CheckFits(static_cast<double>(bytes), path_);
  expected_ = true;
}

std::vector<uint8_t> ByteSource::ReadAll() {
  // With one byte more than the hint the end is reached without growing.
  std::vector<uint8_t> content(SizeHint() + 1 + kFileStart);
  size_t size = 0;
  while (true) {
    size += Read(content.data() + size, content.size() - size);
    if (size < content.size()) break;
    CheckFits(3.0 * static_cast<double>(size), path_);
    content.resize(2 * size);
  }
  content.resize(size);
  return content;
}

void CheckFits(double bytes, const std::string& path) {
  // The program itself takes no less; to ask takes as long as to read a table.
  constexpr double kAlwaysFits = 1 << 24;
  if (bytes <= kAlwaysFits) return;
  const double memory = MachineMemory();
  if (bytes <= memory) return;
  throw DataError(path,
                  "the data does not fit into memory: it needs {:.3g} GiB, and "
                  "this machine has {:.3g}",
                  bytes / 0x1p30, memory / 0x1p30);
}

}  // namespace initscope
