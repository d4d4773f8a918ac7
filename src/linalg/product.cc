#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "linalg/product.cc"
#include "linalg/product.h"

#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include <algorithm>

// One product for the three: operands are read through strides into packed
// panels, and a micro-kernel multiplies those.
//
//   - B's panels: kColumns wide (two vectors), all k of a block after another;
//   - A's strips: kRows high, likewise, so that the kernel reads both in order;
//   - a tile of kRows × kColumns sums stays in registers for a block of kDepth
//     inner indices, then is added to C.
//
// Block sizes are constants of the instruction set: the order of the sums is
// a function of the shape alone.

// This file is compiled once per instruction set; this part only once.
#ifndef INITSCOPE_LINALG_PRODUCT_COMMON
#define INITSCOPE_LINALG_PRODUCT_COMMON
namespace initscope {

// Entry (i, j) is data[i·row + j·col]; size rows × cols.
template <typename T>
struct Strided {
  const T* data;
  size_t rows, cols, row, col;
};

}  // namespace initscope
#endif  // INITSCOPE_LINALG_PRODUCT_COMMON

HWY_BEFORE_NAMESPACE();
namespace initscope {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// 2·kRows sums, two vectors of B and one of A fill the registers.
#if HWY_TARGET <= HWY_AVX3 || HWY_TARGET == HWY_NEON
constexpr size_t kRows = 12;
#else
constexpr size_t kRows = 6;
#endif
constexpr size_t kDepth = 256;      // a panel of B stays in L1
constexpr size_t kBlockRows = 120;  // a block of A stays in L2

// sums = Σ_p a_p bᵀ_p over `depth` of packed a and b; row-major in `tile`.
template <typename T>
HWY_INLINE void MultiplyTile(const T* HWY_RESTRICT a, const T* HWY_RESTRICT b,
                             size_t depth, T* HWY_RESTRICT tile) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const size_t lanes = hn::Lanes(d);
  V sum[kRows][2];
#pragma GCC unroll 12
  for (size_t i = 0; i < kRows; ++i) sum[i][0] = sum[i][1] = hn::Zero(d);
  for (size_t p = 0; p < depth; ++p) {
    const V b0 = hn::Load(d, b);
    const V b1 = hn::Load(d, b + lanes);
#pragma GCC unroll 12
    for (size_t i = 0; i < kRows; ++i) {
      const V ai = hn::Set(d, a[i]);
      sum[i][0] = hn::MulAdd(ai, b0, sum[i][0]);
      sum[i][1] = hn::MulAdd(ai, b1, sum[i][1]);
    }
    a += kRows;
    b += 2 * lanes;
  }
#pragma GCC unroll 12
  for (size_t i = 0; i < kRows; ++i) {
    hn::Store(sum[i][0], d, tile + 2 * lanes * i);
    hn::Store(sum[i][1], d, tile + 2 * lanes * i + lanes);
  }
}

// Columns j … of rows p … p + depth of b, padded with zeros to `width`.
template <typename T>
void PackPanel(const Strided<T>& b, size_t p, size_t depth, size_t j,
               size_t width, T* out) {
  const size_t count = std::min(width, b.cols - j);
  if (b.col == 1) {
    for (size_t k = 0; k < depth; ++k) {
      const T* row = b.data + (p + k) * b.row + j;
      std::copy(row, row + count, out + k * width);
      std::fill(out + k * width + count, out + (k + 1) * width, T{0});
    }
    return;
  }
  for (size_t c = 0; c < width; ++c) {
    const T* column = b.data + p * b.row + (j + c) * b.col;
    for (size_t k = 0; k < depth; ++k) {
      out[k * width + c] = c < count ? column[k * b.row] : T{0};
    }
  }
}

template <typename T>
void Product(const Strided<T>& a, const Strided<T>& b, MatrixView<T> c) {
  const hn::ScalableTag<T> d;
  const size_t columns = 2 * hn::Lanes(d);
  const size_t panels = (c.cols() + columns - 1) / columns;
  Matrix<T> packed_b(panels, kDepth * columns);
  Matrix<T> packed_a(kBlockRows / kRows, kDepth * kRows);
  HWY_ALIGN T tile[kRows * 2 * hn::MaxLanes(d)];
  const Strided<T> a_transposed = {a.data, a.cols, a.rows, a.col, a.row};

  if (a.cols == 0) std::fill_n(c.data(), c.size(), T{0});
  for (size_t p = 0; p < a.cols; p += kDepth) {
    const size_t depth = std::min(kDepth, a.cols - p);
    for (size_t j = 0; j < panels; ++j) {
      PackPanel(b, p, depth, j * columns, columns, packed_b.row(j));
    }
    for (size_t i0 = 0; i0 < a.rows; i0 += kBlockRows) {
      const size_t rows = std::min(kBlockRows, a.rows - i0);
      for (size_t i = 0; i < rows; i += kRows) {
        PackPanel(a_transposed, p, depth, i0 + i, kRows,
                  packed_a.row(i / kRows));
      }
      for (size_t j = 0; j < panels; ++j) {
        const size_t width = std::min(columns, c.cols() - j * columns);
        for (size_t i = 0; i < rows; i += kRows) {
          MultiplyTile(packed_a.row(i / kRows), packed_b.row(j), depth, tile);
          const size_t height = std::min(kRows, rows - i);
          for (size_t r = 0; r < height; ++r) {
            T* out = c.row(i0 + i + r) + j * columns;
            const T* in = tile + r * columns;
            if (p == 0) {
              std::copy(in, in + width, out);
            } else {
              for (size_t k = 0; k < width; ++k) out[k] += in[k];
            }
          }
        }
      }
    }
  }
}

void ProductF32(const Strided<float>& a, const Strided<float>& b,
                MatrixView<float> c) {
  Product(a, b, c);
}
void ProductF64(const Strided<double>& a, const Strided<double>& b,
                MatrixView<double> c) {
  Product(a, b, c);
}

}  // namespace HWY_NAMESPACE
}  // namespace initscope
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace initscope {

HWY_EXPORT(ProductF32);
HWY_EXPORT(ProductF64);

namespace {

void Product(const Strided<float>& a, const Strided<float>& b,
             MatrixView<float> c) {
  INITSCOPE_CHECK(a.cols == b.rows && c.rows() == a.rows && c.cols() == b.cols);
  HWY_DYNAMIC_DISPATCH(ProductF32)(a, b, c);
}

void Product(const Strided<double>& a, const Strided<double>& b,
             MatrixView<double> c) {
  INITSCOPE_CHECK(a.cols == b.rows && c.rows() == a.rows && c.cols() == b.cols);
  HWY_DYNAMIC_DISPATCH(ProductF64)(a, b, c);
}

template <typename T>
Strided<T> Plain(ConstMatrixView<T> a) {
  return {a.data(), a.rows(), a.cols(), a.cols(), 1};
}

template <typename T>
Strided<T> Transposed(ConstMatrixView<T> a) {
  return {a.data(), a.cols(), a.rows(), 1, a.cols()};
}

}  // namespace

template <typename T>
void Multiply(ConstMatrixView<T> a, ConstMatrixView<T> b, MatrixView<T> out) {
  Product(Plain(a), Plain(b), out);
}

template <typename T>
void MultiplyTransposed(ConstMatrixView<T> a, ConstMatrixView<T> b,
                        MatrixView<T> out) {
  Product(Plain(a), Transposed(b), out);
}

template <typename T>
void TransposedMultiply(ConstMatrixView<T> a, ConstMatrixView<T> b,
                        MatrixView<T> out) {
  Product(Transposed(a), Plain(b), out);
}

#define INITSCOPE_INSTANTIATE(T)                                           \
  template void Multiply(ConstMatrixView<T>, ConstMatrixView<T>,           \
                         MatrixView<T>);                                   \
  template void MultiplyTransposed(ConstMatrixView<T>, ConstMatrixView<T>, \
                                   MatrixView<T>);                         \
  template void TransposedMultiply(ConstMatrixView<T>, ConstMatrixView<T>, \
                                   MatrixView<T>);
INITSCOPE_INSTANTIATE(float)
INITSCOPE_INSTANTIATE(double)
#undef INITSCOPE_INSTANTIATE

}  // namespace initscope
#endif  // HWY_ONCE
