// A weight matrix in the layout of the matrix core: strips of a few columns.
//
// The matrix, fan_in × fan_out, is cut into blocks of kWeightBlock rows and
// columns, and a block into strips of StripWidth() = s columns. A strip holds
// its rows one after another:
//
//     entry (row i, column j) of a block = data[(j / s)·stride + i·s + j % s]
//
// One layout serves both X W and Δ Wᵀ, which read it in different orders. Rows
// and columns beyond the matrix, up to a multiple of the strip width, are zero.
#pragma once

#include <cstddef>

#include "base/matrix.h"

namespace initscope {

inline constexpr size_t kWeightBlock = 192;

// Columns per strip: the height of a tile on the instruction set in use.
size_t StripWidth();

// Some rows and columns of a matrix, packed. Does not own its entries.
template <typename T>
struct WeightBlock {
  T* data;
  size_t row, rows;        // row: a multiple of StripWidth()
  size_t column, columns;  // likewise
  size_t stride;           // from strip to strip: padded rows · StripWidth()

  // `count` of its rows, from row `first` of the matrix on.
  // REQUIRES: `first` is a multiple of StripWidth().
  WeightBlock Rows(size_t first, size_t count) const {
    return {data + (first - row) * StripWidth(),
            first,
            count,
            column,
            columns,
            stride};
  }
};

// A whole matrix in blocks.
template <typename T>
class PackedWeights {
 public:
  // Changes the shape; the entries are lost.
  void Resize(size_t rows, size_t columns);

  size_t rows() const { return rows_; }
  size_t columns() const { return columns_; }

  // Sets rows [row, row + from.rows()) to `from`, which has all columns.
  // Threads may set different rows at the same time.
  void SetRows(size_t row, ConstMatrixView<T> from);

  // The rows of block row `i` in columns [column, column + columns).
  // REQUIRES: the columns lie in one block column; `column` is a multiple of
  // StripWidth().
  WeightBlock<T> Block(size_t i, size_t column, size_t columns);

 private:
  Matrix<T> entries_;
  size_t rows_ = 0;
  size_t columns_ = 0;
};

// Packs `from`, which has block.columns columns, as rows
// [first, first + from.rows()) of the block. Writes zeros beyond block.columns
// and, after the last row, beyond block.rows.
template <typename T>
void PackRows(ConstMatrixView<T> from, size_t first, WeightBlock<T> block);

}  // namespace initscope
