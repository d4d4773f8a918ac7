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

// The array of the elements of type T that `raw` holds row-major in byte order
// `order`. REQUIRES: raw.size() == sizeof(T) × the product of `shape`.
template <class T>
Array DecodeElements(std::span<const uint8_t> raw, std::endian order,
                     std::vector<size_t> shape) {
  std::vector<T> elements(raw.size() / sizeof(T));
  if (!raw.empty()) std::memcpy(elements.data(), raw.data(), raw.size());
  if (order != std::endian::native && sizeof(T) > 1) {
    for (T& element : elements) {
      auto swapped = std::bit_cast<std::array<uint8_t, sizeof(T)>>(element);
      std::reverse(swapped.begin(), swapped.end());
      element = std::bit_cast<T>(swapped);
    }
  }
  Sha256 digest;
  digest.Update(elements.data(), raw.size());
  Array array;
  array.shape = std::move(shape);
  array.sha256 = digest.HexDigest();
  if constexpr (std::is_same_v<T, uint8_t>) {
    array.bytes = std::move(elements);
  } else if constexpr (std::is_same_v<T, double>) {
    array.reals = std::move(elements);
  } else {
    array.reals.assign(elements.begin(), elements.end());
  }
  return array;
}

}  // namespace initscope
