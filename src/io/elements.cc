#include "io/elements.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace initscope {

Elements::Elements(ByteSource* source, std::string_view format,
                   size_t header_size, const std::vector<size_t>& shape,
                   size_t element_size, size_t memory_size)
    : source_(source) {
  std::vector<size_t> extents = shape;
  extents.push_back(element_size);
  const std::optional<size_t> bytes = CheckedProduct(extents);
  promise_ = fmt::format(
      "the {} header says {} elements of {} bytes, which is {} bytes", format,
      Listed(shape, " × "), element_size,
      bytes ? std::to_string(*bytes) : "more than 2^64");
  const size_t size = source->SizeHint();
  if (size > 0 && bytes != size - header_size)
    Fail(std::to_string(size - header_size));
  if (!bytes) Fail("fewer");
  bytes_ = *bytes;
  const double count =
      static_cast<double>(bytes_) / static_cast<double>(element_size);
  CheckFits(count * static_cast<double>(memory_size), source->path());
  source->ExpectBytes(bytes_);
}

void Elements::Fail(std::string_view found) const {
  throw DataError(source_->path(),
                  fmt::format("{}, but {} bytes follow it; get the file again",
                              promise_, found));
}

void Elements::operator()(uint8_t* out, size_t size) {
  const size_t count = source_->Read(out, size);
  taken_ += count;
  if (count < size) Fail(std::to_string(taken_));
}

void Elements::ExpectEnd() {
  std::vector<uint8_t> rest(size_t{1} << 16);
  const size_t count = source_->Read(rest.data(), rest.size());
  if (count == rest.size()) Fail("more than " + std::to_string(bytes_ + count));
  if (count > 0) Fail(std::to_string(bytes_ + count));
}

}  // namespace initscope
