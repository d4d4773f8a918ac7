// The elements behind the header of an array file: exactly as many as it
// promises.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "io/array.h"
#include "io/byte_source.h"

namespace initscope {

// Gives the bytes behind a header of `header_size` bytes that promises an array
// of `shape` with elements of `element_size` bytes, each of which takes
// `memory_size` in memory. `format` is for messages. Every failure is a
// UserError (kData).
class Elements {
 public:
  // Refuses at once what cannot be: too much for the memory, or for a file
  // whose size is known.
  Elements(ByteSource* source, std::string_view format, size_t header_size,
           const std::vector<size_t>& shape, size_t element_size,
           size_t memory_size);

  // The next `size` bytes.
  void operator()(uint8_t* out, size_t size);
  // REQUIRES: all bytes were taken. Refuses more of them.
  void ExpectEnd();

  size_t bytes() const { return bytes_; }

 private:
  [[noreturn]] void Fail(std::string_view found) const;

  ByteSource* source_;
  std::string promise_;
  size_t bytes_ = 0, taken_ = 0;
};

// All of them as elements of type T.
template <class T>
Array ReadElements(Elements* elements, std::endian order,
                   const std::vector<size_t>& shape) {
  Array array = DecodeElements<T>(
      [elements](uint8_t* out, size_t size) { (*elements)(out, size); }, order,
      shape);
  elements->ExpectEnd();
  return array;
}

}  // namespace initscope
