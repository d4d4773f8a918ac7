#include "io/elements.h"

#include <fmt/format.h>

#include <cstring>

namespace initscope {

ElementReader::ElementReader(ByteSource* source, const ArrayHeader& header,
                             size_t element_size, size_t memory_size)
    : source_(source), header_(header), element_size_(element_size) {
  std::vector<size_t> extents = header.shape;
  extents.push_back(element_size);
  const std::optional<size_t> bytes = CheckedProduct(extents);
  promise_ = fmt::format(
      "the {} header says {} elements of {} bytes, which is {} bytes",
      header.format, Listed(header.shape, " × "), element_size,
      bytes ? std::to_string(*bytes) : "more than 2^64");
  const size_t size = source->SizeHint();
  if (size > 0 && bytes != size - header.size)
    Fail(std::to_string(size - header.size));
  if (!bytes) Fail("fewer");
  bytes_ = *bytes;
  CheckFits(static_cast<double>(count()) * static_cast<double>(memory_size),
            source->path());
  source->ExpectBytes(bytes_);
  if (!header.fortran_order) return;
  stored_.resize(bytes_);
  ReadStored(stored_.data(), bytes_);
  index_.resize(header.shape.size());
  for (const size_t extent : header.shape) {
    stride_.push_back(element_size);
    element_size *= extent;
  }
}

void ElementReader::Fail(std::string_view found) const {
  throw DataError(source_->path(),
                  "{}, but {} bytes follow it; get the file again", promise_,
                  found);
}

void ElementReader::ReadStored(uint8_t* out, size_t size) {
  const size_t count = source_->Read(out, size);
  read_ += count;
  if (count < size) Fail(std::to_string(read_));
}

// Walks `stored_` in row-major order: the last index runs fastest.
void ElementReader::Transpose(uint8_t* out, size_t size) {
  const std::vector<size_t>& shape = header_.shape;
  for (size_t to = 0; to < size; to += element_size_) {
    std::memcpy(out + to, stored_.data() + next_, element_size_);
    for (size_t axis = shape.size(); axis-- > 0;) {
      next_ += stride_[axis];
      if (++index_[axis] < shape[axis]) break;
      next_ -= stride_[axis] * shape[axis];
      index_[axis] = 0;
    }
  }
}

void ElementReader::Read(uint8_t* out, size_t size) {
  if (header_.fortran_order) {
    Transpose(out, size);
  } else {
    ReadStored(out, size);
  }
  if (header_.order == std::endian::native || element_size_ == 1) return;
  for (uint8_t* at = out; at < out + size; at += element_size_)
    std::reverse(at, at + element_size_);
}

void ElementReader::ExpectEnd() {
  std::vector<uint8_t> rest(size_t{1} << 16);
  const size_t count = source_->Read(rest.data(), rest.size());
  if (count == rest.size()) Fail("more than " + std::to_string(bytes_ + count));
  if (count > 0) Fail(std::to_string(bytes_ + count));
}

}  // namespace initscope
