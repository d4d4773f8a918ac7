#include "linalg/packed_weights.h"

#include <algorithm>
#include <cstring>

#include "linalg/packed_batch.h"

namespace initscope {

template <typename T>
void PackedWeights<T>::Resize(size_t rows, size_t columns) {
  rows_ = rows;
  columns_ = columns;
  entries_.Resize(RoundUp(rows, StripWidth()), RoundUp(columns, StripWidth()));
}

template <typename T>
WeightBlock<T> PackedWeights<T>::Block(size_t i, size_t column,
                                       size_t columns) {
  const size_t row = i * kWeightBlock;
  const size_t rows = std::min(kWeightBlock, rows_ - row);
  const size_t padded = RoundUp(rows, StripWidth());
  // Block rows follow one another, and so do the strips of a block row.
  return {entries_.data() + row * entries_.cols() + column * padded,
          row,
          rows,
          column,
          columns,
          padded * StripWidth()};
}

namespace {

// Packs the whole strips of one row. A constant width makes each a few moves.
template <size_t kWidth, typename T>
void PackRow(const T* row, size_t strips, size_t stride, T* out) {
  for (size_t s = 0; s < strips; ++s, row += kWidth, out += stride) {
    std::memcpy(out, row, kWidth * sizeof(T));
  }
}

}  // namespace

template <typename T>
void PackRows(ConstMatrixView<T> from, size_t first, WeightBlock<T> block) {
  const size_t width = StripWidth();
  INITSCOPE_CHECK(width == 6 || width == 12);
  const size_t whole = block.columns / width;
  const size_t rest = block.columns % width;
  for (size_t i = 0; i < from.rows(); ++i) {
    T* const out = block.data + (first + i) * width;
    if (width == 6) {
      PackRow<6>(from.row(i), whole, block.stride, out);
    } else {
      PackRow<12>(from.row(i), whole, block.stride, out);
    }
    if (rest > 0) {
      T* const last = out + whole * block.stride;
      std::copy_n(from.row(i) + whole * width, rest, last);
      std::fill(last + rest, last + width, T{0});
    }
  }
  const size_t end = first + from.rows();
  const size_t padded = block.stride / width;
  if (end < block.rows || end == padded) return;
  for (size_t s = 0; s * width < block.columns; ++s) {
    T* const strip = block.data + s * block.stride;
    std::fill(strip + end * width, strip + padded * width, T{0});
  }
}

template <typename T>
void PackedWeights<T>::SetRows(size_t row, ConstMatrixView<T> from) {
  for (size_t done = 0; done < from.rows();) {
    const size_t i = (row + done) / kWeightBlock;
    const size_t first = (row + done) % kWeightBlock;
    const size_t count = std::min(kWeightBlock - first, from.rows() - done);
    for (size_t j = 0; j < columns_; j += kWeightBlock) {
      PackRows(ConstMatrixView<T>(from.row(done) + j, count, from.cols()),
               first, Block(i, j, std::min(kWeightBlock, columns_ - j)));
    }
    done += count;
  }
}

template class PackedWeights<float>;
template class PackedWeights<double>;
template void PackRows(ConstMatrixView<float>, size_t, WeightBlock<float>);
template void PackRows(ConstMatrixView<double>, size_t, WeightBlock<double>);

}  // namespace initscope
