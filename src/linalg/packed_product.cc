#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "linalg/packed_product.cc"
#include "linalg/packed_product.h"

#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include <algorithm>

#include "linalg/lanes-inl.h"

// A tile of sums, a few units high and one panel wide, stays in registers
// while the inner index runs through one block. Weights are broadcast, samples
// are loaded as vectors; a tile needs 2·height sums, two vectors of samples
// and one weight.

HWY_BEFORE_NAMESPACE();
namespace initscope {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET <= HWY_AVX3 || HWY_TARGET == HWY_NEON
constexpr size_t kHeight = 12;  // 32 registers
#else
constexpr size_t kHeight = 6;  // 16
#endif
static_assert(kUnitStep % kHeight == 0 && kWeightBlock % kHeight == 0);

// A tile's sums, kRows × one panel.
template <typename T, size_t kRows>
struct Tile {
  using V = hn::Vec<Tag<T>>;
  V low[kRows], high[kRows];

  HWY_INLINE void Clear() {
    const Tag<T> d;
#pragma GCC unroll 12
    for (size_t i = 0; i < kRows; ++i) low[i] = high[i] = hn::Zero(d);
  }

  // Row i += a[i·step] · b, with b one unit of a panel.
  HWY_INLINE void Add(const T* HWY_RESTRICT a, size_t step,
                      const T* HWY_RESTRICT b) {
    const Tag<T> d;
    const V b0 = hn::Load(d, b);
    const V b1 = hn::Load(d, b + hn::Lanes(d));
#pragma GCC unroll 12
    for (size_t i = 0; i < kRows; ++i) {
      const V ai = hn::Set(d, a[i * step]);
      low[i] = hn::MulAdd(ai, b0, low[i]);
      high[i] = hn::MulAdd(ai, b1, high[i]);
    }
  }

  // Row i of `out`, one unit of a panel, is set or added to.
  HWY_INLINE void Store(bool add, T* HWY_RESTRICT out) const {
    const Tag<T> d;
    const size_t lanes = hn::Lanes(d);
#pragma GCC unroll 12
    for (size_t i = 0; i < kRows; ++i, out += 2 * lanes) {
      V v0 = low[i], v1 = high[i];
      if (add) {
        v0 = hn::Add(hn::Load(d, out), v0);
        v1 = hn::Add(hn::Load(d, out + lanes), v1);
      }
      hn::Store(v0, d, out);
      hn::Store(v1, d, out + lanes);
    }
  }
};

// The product of a strip's rows [0, rows) with as many units of a panel.
template <typename T>
HWY_INLINE Tile<T, kHeight> Product(const T* HWY_RESTRICT strip,
                                    const T* HWY_RESTRICT samples,
                                    size_t rows) {
  // Rows at a time: where two threads share a core's front end, there is no
  // slot to spare for the loop.
  constexpr size_t kRows = 4;
  const size_t width = 2 * hn::Lanes(Tag<T>());
  Tile<T, kHeight> tile;
  tile.Clear();
  size_t k = 0;
  for (; k + kRows <= rows; k += kRows) {
#pragma GCC unroll 4
    for (size_t u = 0; u < kRows; ++u) {
      tile.Add(strip + u * kHeight, 1, samples + u * width);
    }
    strip += kRows * kHeight;
    samples += kRows * width;
  }
  for (; k < rows; ++k, strip += kHeight, samples += width) {
    tile.Add(strip, 1, samples);
  }
  return tile;
}

template <typename T>
void MultiplyT(const WeightBlock<T>& w, const PackedBatch<T>& x, size_t begin,
               size_t end, PackedBatch<T>* out) {
  for (size_t p = begin; p < end; ++p) {
    const T* const samples = x.unit(p, w.row);
    for (size_t j = 0; j < w.columns; j += kHeight) {
      const T* const strip = w.data + j / kHeight * w.stride;
      const auto tile = Product(strip, samples, w.rows);
      tile.Store(w.row > 0, out->unit(p, w.column + j));
    }
  }
}

template <typename T>
void MultiplyTransposedT(const WeightBlock<T>& w, const PackedBatch<T>& d,
                         size_t begin, size_t end, PackedBatch<T>* out) {
  const size_t width = d.width();
  for (size_t p = begin; p < end; ++p) {
    const T* const samples = d.unit(p, w.column);
    for (size_t i = 0; i < w.rows; i += kHeight) {
      const T* a = w.data + i * kHeight;
      const T* b = samples;
      Tile<T, kHeight> tile;
      tile.Clear();
      // kHeight columns of a strip at a time: a square of weights.
      for (size_t j = 0; j < w.columns; j += kHeight, a += w.stride) {
#pragma GCC unroll 12
        for (size_t k = 0; k < kHeight; ++k, b += width) {
          tile.Add(a + k, kHeight, b);
        }
      }
      tile.Store(w.column > 0, out->unit(p, w.row + i));
    }
  }
}

// kRows rows of a Gram tile are added to, units [0, units).
template <size_t kRows, typename T>
HWY_INLINE void GramRows(const T* a, const T* b, size_t width, size_t units,
                         double* gram) {
  Tile<T, kRows> tile;
  tile.Clear();
  for (size_t k = 0; k < units; ++k, a += width, b += width) tile.Add(a, 1, b);
  HWY_ALIGN T sums[kRows * 2 * hn::MaxLanes(Tag<T>())];
  tile.Store(false, sums);
  for (size_t i = 0; i < kRows * width; ++i) gram[i] += sums[i];
}

template <typename T>
void GramTilesT(const PackedBatch<T>& a, size_t p, const PackedBatch<T>& b,
                size_t begin, size_t end, double* grams) {
  const size_t width = a.width(), size = width * width;
  // A panel is some full tiles high, and a rest.
  constexpr size_t kRest = 2 * hn::MaxLanes(Tag<T>()) % kHeight;
  std::fill_n(grams, (end - begin) * size, 0.0);
  // A block of panel p stays in L1 while those of b pass by.
  for (size_t j = 0; j < a.units(); j += kWeightBlock) {
    const size_t units = std::min(kWeightBlock, a.units() - j);
    const T* const rows = a.unit(p, j);
    for (size_t q = begin; q < end; ++q) {
      const T* const columns = b.unit(q, j);
      double* const gram = grams + (q - begin) * size;
      for (size_t i = 0; i + kHeight <= width; i += kHeight) {
        GramRows<kHeight>(rows + i, columns, width, units, gram + i * width);
      }
      if constexpr (kRest > 0) {
        const size_t i = width - kRest;
        GramRows<kRest>(rows + i, columns, width, units, gram + i * width);
      }
    }
  }
}

// Lane k of the result is the sum of the lanes of v[k]; as many vectors as a
// vector has lanes. Neighbours are added pair by pair.
template <class D, class V>
HWY_INLINE V SumsOfLanes([[maybe_unused]] D d, V* v) {
#if HWY_TARGET != HWY_SCALAR
  for (size_t n = hn::Lanes(d); n > 1; n /= 2) {
    for (size_t k = 0; k < n / 2; ++k) {
      const V a = v[2 * k], b = v[2 * k + 1];
      v[k] = hn::Add(hn::ConcatEven(d, b, a), hn::ConcatOdd(d, b, a));
    }
  }
#endif
  return v[0];
}

// kRows × kColumns dot products over samples, one for each lane of a vector.
template <size_t kRows, size_t kColumns, typename T>
void DotTiles(const PackedBatch<T>& x, size_t row, const PackedBatch<T>& d,
              size_t column, MatrixView<T> out) {
  const Tag<T> tag;
  using V = hn::Vec<Tag<T>>;
  const size_t lanes = hn::Lanes(tag);
  // From panel to panel.
  const size_t x_stride = x.padded_units() * x.width();
  const size_t d_stride = d.padded_units() * d.width();
  HWY_ALIGN T sums[kRows * kColumns];
  // A few columns of d stay in L1 while the rows of x pass by.
  constexpr size_t kColumnBlock = 16;
  for (size_t j0 = 0; j0 < out.cols(); j0 += kColumnBlock) {
    const size_t j1 = std::min(j0 + kColumnBlock, out.cols());
    for (size_t i = 0; i < out.rows(); i += kRows) {
      for (size_t j = j0; j < j1; j += kColumns) {
        // Past the edge the last row or column is taken again.
        const T* xi[kRows];
        const T* dj[kColumns];
        for (size_t r = 0; r < kRows; ++r) {
          xi[r] = x.unit(0, row + std::min(i + r, out.rows() - 1));
        }
        for (size_t c = 0; c < kColumns; ++c) {
          dj[c] = d.unit(0, column + std::min(j + c, out.cols() - 1));
        }
        V sum[kRows * kColumns];
#pragma GCC unroll 16
        for (size_t k = 0; k < kRows * kColumns; ++k) sum[k] = hn::Zero(tag);
        for (size_t p = 0; p < x.panels(); ++p) {
#pragma GCC unroll 2
          for (size_t half = 0; half < 2; ++half) {
            V dv[kColumns];
#pragma GCC unroll 4
            for (size_t c = 0; c < kColumns; ++c) {
              dv[c] = hn::Load(tag, dj[c] + half * lanes);
            }
#pragma GCC unroll 4
            for (size_t r = 0; r < kRows; ++r) {
              const V xv = hn::Load(tag, xi[r] + half * lanes);
#pragma GCC unroll 4
              for (size_t c = 0; c < kColumns; ++c) {
                sum[r * kColumns + c] =
                    hn::MulAdd(xv, dv[c], sum[r * kColumns + c]);
              }
            }
          }
#pragma GCC unroll 4
          for (size_t r = 0; r < kRows; ++r) xi[r] += x_stride;
#pragma GCC unroll 4
          for (size_t c = 0; c < kColumns; ++c) dj[c] += d_stride;
        }
        hn::Store(SumsOfLanes(tag, sum), tag, sums);
        for (size_t r = 0; r < std::min(kRows, out.rows() - i); ++r) {
          std::copy_n(sums + r * kColumns, std::min(kColumns, j1 - j),
                      out.row(i + r) + j);
        }
      }
    }
  }
}

template <typename T>
void TransposedMultiplyT(const PackedBatch<T>& x, size_t row,
                         const PackedBatch<T>& d, size_t column,
                         MatrixView<T> out) {
  constexpr size_t kLanes = hn::MaxLanes(Tag<T>());
  if constexpr (kLanes == 16) {
    DotTiles<4, 4>(x, row, d, column, out);
  } else if constexpr (kLanes == 8) {
    DotTiles<2, 4>(x, row, d, column, out);
  } else if constexpr (kLanes == 4) {
    DotTiles<2, 2>(x, row, d, column, out);
  } else {
    static_assert(kLanes <= 2);
    DotTiles<1, kLanes>(x, row, d, column, out);
  }
}

void MultiplyF32(const WeightBlock<float>& w, const PackedBatch<float>& x,
                 size_t begin, size_t end, PackedBatch<float>* out) {
  MultiplyT(w, x, begin, end, out);
}
void MultiplyF64(const WeightBlock<double>& w, const PackedBatch<double>& x,
                 size_t begin, size_t end, PackedBatch<double>* out) {
  MultiplyT(w, x, begin, end, out);
}
void MultiplyTransposedF32(const WeightBlock<float>& w,
                           const PackedBatch<float>& d, size_t begin,
                           size_t end, PackedBatch<float>* out) {
  MultiplyTransposedT(w, d, begin, end, out);
}
void MultiplyTransposedF64(const WeightBlock<double>& w,
                           const PackedBatch<double>& d, size_t begin,
                           size_t end, PackedBatch<double>* out) {
  MultiplyTransposedT(w, d, begin, end, out);
}
void GramTilesF32(const PackedBatch<float>& a, size_t p,
                  const PackedBatch<float>& b, size_t begin, size_t end,
                  double* grams) {
  GramTilesT(a, p, b, begin, end, grams);
}
void GramTilesF64(const PackedBatch<double>& a, size_t p,
                  const PackedBatch<double>& b, size_t begin, size_t end,
                  double* grams) {
  GramTilesT(a, p, b, begin, end, grams);
}
void TransposedMultiplyF32(const PackedBatch<float>& x, size_t row,
                           const PackedBatch<float>& d, size_t column,
                           MatrixView<float> out) {
  TransposedMultiplyT(x, row, d, column, out);
}
void TransposedMultiplyF64(const PackedBatch<double>& x, size_t row,
                           const PackedBatch<double>& d, size_t column,
                           MatrixView<double> out) {
  TransposedMultiplyT(x, row, d, column, out);
}
size_t LanesF32() { return hn::Lanes(Tag<float>()); }
size_t LanesF64() { return hn::Lanes(Tag<double>()); }
size_t Height() { return kHeight; }

}  // namespace HWY_NAMESPACE
}  // namespace initscope
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace initscope {

HWY_EXPORT(MultiplyF32);
HWY_EXPORT(MultiplyF64);
HWY_EXPORT(MultiplyTransposedF32);
HWY_EXPORT(MultiplyTransposedF64);
HWY_EXPORT(GramTilesF32);
HWY_EXPORT(GramTilesF64);
HWY_EXPORT(TransposedMultiplyF32);
HWY_EXPORT(TransposedMultiplyF64);
HWY_EXPORT(LanesF32);
HWY_EXPORT(LanesF64);
HWY_EXPORT(Height);

template <>
size_t PanelWidth<float>() {
  return 2 * HWY_DYNAMIC_DISPATCH(LanesF32)();
}
template <>
size_t PanelWidth<double>() {
  return 2 * HWY_DYNAMIC_DISPATCH(LanesF64)();
}
size_t StripWidth() { return HWY_DYNAMIC_DISPATCH(Height)(); }

#define INITSCOPE_DISPATCH(T, SUFFIX)                                         \
  template <>                                                                 \
  void Multiply(const WeightBlock<T>& w, const PackedBatch<T>& x,             \
                size_t begin, size_t end, PackedBatch<T>* out) {              \
    HWY_DYNAMIC_DISPATCH(Multiply##SUFFIX)(w, x, begin, end, out);            \
  }                                                                           \
  template <>                                                                 \
  void MultiplyTransposed(const WeightBlock<T>& w, const PackedBatch<T>& d,   \
                          size_t begin, size_t end, PackedBatch<T>* out) {    \
    HWY_DYNAMIC_DISPATCH(MultiplyTransposed##SUFFIX)(w, d, begin, end, out);  \
  }                                                                           \
  template <>                                                                 \
  void GramTiles(const PackedBatch<T>& a, size_t p, const PackedBatch<T>& b,  \
                 size_t begin, size_t end, double* grams) {                   \
    HWY_DYNAMIC_DISPATCH(GramTiles##SUFFIX)(a, p, b, begin, end, grams);      \
  }                                                                           \
  template <>                                                                 \
  void TransposedMultiply(const PackedBatch<T>& x, size_t row,                \
                          const PackedBatch<T>& d, size_t column,             \
                          MatrixView<T> out) {                                \
    HWY_DYNAMIC_DISPATCH(TransposedMultiply##SUFFIX)(x, row, d, column, out); \
  }
INITSCOPE_DISPATCH(float, F32)
INITSCOPE_DISPATCH(double, F64)
#undef INITSCOPE_DISPATCH

}  // namespace initscope
#endif  // HWY_ONCE
