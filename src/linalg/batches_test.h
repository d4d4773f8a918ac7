// Sizes and drawn batches for the tests of kernels, for tests only.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "linalg/packed_batch.h"
#include "random/variates.h"

namespace initscope {

// Around the vectors, tiles and chunks of every instruction set, and beyond
// the blocks.
inline constexpr size_t kTestSizes[] = {1,  2,  15, 16,  17,  31,  33,
                                        63, 64, 65, 127, 128, 129, 1000};

// mean + deviation·N(0,1), drawn as the weights of layer `draw`.
template <typename T>
ScaledMatrix<T> DrawNormal(size_t rows, size_t cols, uint32_t draw,
                           double mean = 0, double deviation = 1) {
  Matrix<double> normal(rows, cols);
  FillVariates(VariateLaw::kNormal, {7, Stream::kWeights, draw}, 0, 0,
               normal.view());
  ScaledMatrix<T> out;
  out.Resize(rows, cols);
  for (size_t i = 0; i < normal.size(); ++i) {
    out.mantissa.data()[i] =
        static_cast<T>(mean + deviation * normal.data()[i]);
  }
  return out;
}

template <typename T>
PackedBatch<T> Packed(const ScaledMatrix<T>& from) {
  PackedBatch<T> packed;
  Pack(from, &packed);
  return packed;
}

template <typename T>
PackedBatch<T> CopyOf(const PackedBatch<T>& from) {
  PackedBatch<T> to;
  to.Resize(from.samples(), from.units());
  for (size_t p = 0; p < from.panels(); ++p) {
    std::copy(from.panel(p), from.unit(p, from.padded_units()), to.panel(p));
  }
  to.exponent = from.exponent;
  return to;
}

}  // namespace initscope
