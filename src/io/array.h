// A decoded data file: what every reader here returns.
//
// The digest is of the elements in the file's own type, little-endian and
// row-major, so that the same numbers stored as IDX, .npy or HDF5 of one type
// have the same digest, and that it is NumPy's
// hashlib.sha256(np.ascontiguousarray(a).tobytes()) on x86-64 and Arm.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/sha256.h"

namespace initscope {

static_assert(std::endian::native == std::endian::little,
              "digests are of little-endian elements");

struct Array {
  std::vector<size_t> shape;  // rank >= 1; an extent may be 0
  // The elements, row-major, in exactly one of the two.
  std::vector<uint8_t> bytes;  // uint8 arrays
  std::vector<double> reals;   // every other type
  std::string sha256;
  bool from_matlab = false;  // which writes its arrays transposed
};

// The product of `extents`; nothing where it exceeds size_t.
inline std::optional<size_t> CheckedProduct(std::span<const size_t> extents) {
  if (std::find(extents.begin(), extents.end(), 0u) != extents.end()) return 0;
  size_t product = 1;
  for (const size_t extent : extents) {
    if (product > std::numeric_limits<size_t>::max() / extent) return {};
    product *= extent;
  }
  return product;
}

// The array of elements of type T in byte order `order`, row-major;
// `fill(out, size)` gives their next bytes. Nothing but the array itself is
// ever in memory. REQUIRES: the product of `shape` fits into memory.
template <class T, class Fill>
Array DecodeElements(Fill fill, std::endian order, std::vector<size_t> shape) {
  const size_t count = *CheckedProduct(shape);
  Array array;
  array.shape = std::move(shape);
  std::vector<T> block(std::min(count, size_t{1} << 16));
  Sha256 digest;
  if constexpr (std::is_same_v<T, uint8_t>) {
    array.bytes.reserve(count);
  } else {
    array.reals.reserve(count);
  }
  for (size_t done = 0; done < count; done += block.size()) {
    block.resize(std::min(block.size(), count - done));
    fill(reinterpret_cast<uint8_t*>(block.data()), block.size() * sizeof(T));
    if (order != std::endian::native && sizeof(T) > 1) {
      for (T& element : block) {
        auto swapped = std::bit_cast<std::array<uint8_t, sizeof(T)>>(element);
        std::reverse(swapped.begin(), swapped.end());
        element = std::bit_cast<T>(swapped);
      }
    }
    digest.Update(block.data(), block.size() * sizeof(T));
    if constexpr (std::is_same_v<T, uint8_t>) {
      array.bytes.insert(array.bytes.end(), block.begin(), block.end());
    } else {
      array.reals.insert(array.reals.end(), block.begin(), block.end());
    }
  }
  array.sha256 = digest.HexDigest();
  return array;
}

}  // namespace initscope
