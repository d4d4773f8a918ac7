// The elements that follow the header of an array file.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/sha256.h"
#include "io/array.h"
#include "io/byte_source.h"

namespace initscope {

struct ArrayHeader {
  std::string_view format;     // for messages: "IDX"
  size_t size;                 // in bytes
  std::vector<size_t> shape;   // rank >= 1
  std::endian order;           // byte order of the elements
  bool fortran_order = false;  // the first axis varies fastest
};

// Reads exactly as many elements as a header promises. Every failure is a
// UserError (kData).
class ElementReader {
 public:
  // `source` has been read up to the end of the header. Throws at once if the
  // array does not fit into memory, where each element takes `memory_size`
  // bytes, or if the size of the file is known and does not match.
  ElementReader(ByteSource* source, const ArrayHeader& header,
                size_t element_size, size_t memory_size);

  size_t count() const { return bytes_ / element_size_; }

  // The next `size` bytes, whole elements, in row-major order and native byte
  // order.
  void Read(uint8_t* out, size_t size);

  // Throws if anything follows the elements. REQUIRES: all have been read.
  void ExpectEnd();

 private:
  [[noreturn]] void Fail(std::string_view found) const;
  void ReadStored(uint8_t* out, size_t size);
  void Transpose(uint8_t* out, size_t size);

  ByteSource* source_;
  const ArrayHeader& header_;
  std::string promise_;  // what the header says, for messages
  size_t element_size_;
  size_t bytes_ = 0, read_ = 0;

  // In Fortran order: all bytes as stored, and the element that comes next.
  std::vector<uint8_t> stored_;
  std::vector<size_t> stride_, index_;  // one per axis
  size_t next_ = 0;
};

// The array behind `header`, with elements of type T (converted to double
// unless they are uint8). Beside the array itself, only a Fortran-order file is
// held in memory. Throws as ElementReader does.
template <class T>
Array ReadElements(ByteSource* source, const ArrayHeader& header) {
  constexpr bool kBytes = std::is_same_v<T, uint8_t>;
  ElementReader reader(source, header, sizeof(T), kBytes ? 1 : sizeof(double));
  const size_t count = reader.count();
  Array array;
  array.shape = header.shape;
  auto* elements = [&array] {
    if constexpr (kBytes) {
      return &array.bytes;
    } else {
      return &array.reals;
    }
  }();
  elements->reserve(count);
  std::vector<T> block(std::min(count, size_t{1} << 16));
  Sha256 digest;
  for (size_t done = 0; done < count; done += block.size()) {
    block.resize(std::min(block.size(), count - done));
    const size_t bytes = block.size() * sizeof(T);
    reader.Read(reinterpret_cast<uint8_t*>(block.data()), bytes);
    digest.Update(block.data(), bytes);
    elements->insert(elements->end(), block.begin(), block.end());
  }
  reader.ExpectEnd();
  array.sha256 = digest.HexDigest();
  return array;
}

}  // namespace initscope
