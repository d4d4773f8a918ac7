// A decoded data file, as every reader returns it.
//
// Its digest is that of the elements in the file's own type, little-endian and
// row-major. That is NumPy's
//
//     hashlib.sha256(np.ascontiguousarray(a).tobytes())
//
// on x86-64 and Arm, and the same for the same numbers of one type, whether an
// IDX, .npy or HDF5 file holds them.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace initscope {

static_assert(std::endian::native == std::endian::little,
              "digests are of little-endian elements");

struct Array {
  std::vector<size_t> shape;  // rank >= 1; an extent may be 0
  // The elements, row-major; exactly one of the two is in use.
  std::vector<uint8_t> bytes;  // of uint8 arrays
  std::vector<double> reals;   // of all other types
  std::string sha256;
  bool from_matlab = false;  // MATLAB writes its arrays transposed
};

// The product of `extents`; nothing where it exceeds size_t.
inline std::optional<size_t> CheckedProduct(std::span<const size_t> extents) {
  if (std::ranges::find(extents, 0u) != extents.end()) return 0;
  size_t product = 1;
  for (const size_t extent : extents) {
    if (product > std::numeric_limits<size_t>::max() / extent) return {};
    product *= extent;
  }
  return product;
}

}  // namespace initscope
