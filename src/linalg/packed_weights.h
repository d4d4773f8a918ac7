// A weight matrix as the matrix core reads it: strips of a few columns.
//
// The matrix, fan_in × fan_out, is cut into blocks of kWeightBlock rows and
// columns, a block into strips of StripWidth() columns; a strip holds its rows
// one after another:
//
//     entry (row i, column j) of a block = data[(j / s)·stride + i·s + j % s]
//
// One layout serves X W and Δ Wᵀ: the products differ in how they walk it.
// Rows and columns beyond the matrix, up to a multiple of the strip, are zero.
#pragma once

#include <cstddef>

#include "base/matrix.h"

namespace initscope {

inline constexpr size_t kWeightBlock = 192;

// Columns per strip: the height of a tile of the instruction set in use.
size_t StripWidth();

// Some rows and columns of a matrix, packed. Does not own its entries.
template <typename T>
struct WeightBlock {
  T* data;
  size_t row, rows;        // row: a multiple of StripWidth()
  size_t column, columns;  // likewise
  size_t stride;           // from strip to strip: padded rows · StripWidth()

  // `count` of its rows, from row `first` of the matrix on; `first` is a
  // multiple of StripWidth().
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
  void Clear() { *this = PackedWeights(); }

  size_t rows() const { return rows_; }
  size_t columns() const { return columns_; }

  // Rows [row, row + from.rows()) become `from`, which has all columns.
  // Different rows may be set at the same time.
  void SetRows(size_t row, ConstMatrixView<T> from);

  // Rows of block row `i`, columns [column, column + columns), which lie in
  // one block column; `column` is a multiple of StripWidth().
  WeightBlock<T> Block(size_t i, size_t column, size_t columns);

 private:
  Matrix<T> entries_;
  size_t rows_ = 0;
  size_t columns_ = 0;
};

// Packs `rows` rows of block.columns numbers, row-major, as rows
// [first, first + rows) of the block, and zeros beyond block.columns; after
// the last row, zeros beyond block.rows.
template <typename T>
void PackRows(ConstMatrixView<T> from, size_t first, WeightBlock<T> block);

}  // namespace initscope
