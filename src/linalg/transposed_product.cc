#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "linalg/transposed_product.cc"
#include "linalg/transposed_product.h"

#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include <algorithm>

#include "linalg/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace initscope {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Rows that are computed while one panel of dt passes by: what they have in x
// stays in L2, and the panel in L1.
constexpr size_t kRowBlock = 96;
static_assert(kRowBlock % kUnitStep == 0);

// Adds the samples [0, samples) of a panel of x to a tile: a is its first unit,
// b those samples of a panel of dt.
template <typename T>
HWY_INLINE void AddSamples(const T* HWY_RESTRICT a, const T* HWY_RESTRICT b,
                           size_t samples, Tile<T, kHeight>* tile) {
  constexpr size_t kUnroll = 4;
  const size_t width = 2 * hn::Lanes(Tag<T>());
  size_t s = 0;
  for (; s + kUnroll <= samples; s += kUnroll, b += kUnroll * width) {
#pragma GCC unroll 4
    for (size_t u = 0; u < kUnroll; ++u)
      tile->Add(a + s + u, width, b + u * width);
  }
  for (; s < samples; ++s, b += width) tile->Add(a + s, width, b);
}

// Stores kHeight rows of xᵀ d, from unit `row` of x on, for panel q of dt.
template <typename T>
HWY_INLINE void StoreTile(const PackedBatch<T>& x, size_t row,
                          const PackedBatch<T>& dt, size_t q,
                          T* HWY_RESTRICT sums) {
  const size_t width = 2 * hn::Lanes(Tag<T>());
  const size_t block = kWeightBlock / width;  // panels
  for (size_t begin = 0; begin < x.panels(); begin += block) {
    const size_t end = std::min(begin + block, x.panels());
    Tile<T, kHeight> tile;
    tile.Clear();
    for (size_t p = begin; p < end; ++p) {
      AddSamples(x.unit(p, row), dt.unit(q, p * width), x.PanelSamples(p),
                 &tile);
    }
    tile.Store(begin > 0, sums);
  }
}

template <typename T>
using TileEntries = T[kHeight * 2 * hn::MaxLanes(Tag<T>())];

template <typename T>
void TransposedMultiplyT(const PackedBatch<T>& x, size_t row,
                         const PackedBatch<T>& dt, MatrixView<T> out) {
  const size_t width = x.width();
  HWY_ALIGN TileEntries<T> sums;
  for (size_t begin = 0; begin < out.rows(); begin += kRowBlock) {
    const size_t end = std::min(begin + kRowBlock, out.rows());
    for (size_t q = 0; q < dt.panels(); ++q) {
      const size_t columns = dt.PanelSamples(q);
      for (size_t i = begin; i < end; i += kHeight) {
        StoreTile(x, row + i, dt, q, sums);
        const size_t rows = std::min(kHeight, end - i);
        for (size_t r = 0; r < rows; ++r) {
          std::copy_n(sums + r * width, columns, out.row(i + r) + q * width);
        }
      }
    }
  }
}

template <typename T>
EntrySums TransposedSumsT(const PackedBatch<T>& x, size_t row, size_t rows,
                          const PackedBatch<T>& dt) {
  const Tag<T> d;
  const size_t lanes = hn::Lanes(d), width = 2 * lanes;
  const DoubleTag dd;
  HWY_ALIGN TileEntries<T> sums;
  HWY_ALIGN T parts[2 * hn::MaxLanes(d)];
  T first_entry = 0;
  auto first = hn::Zero(dd), second = hn::Zero(dd);
  for (size_t begin = 0; begin < rows; begin += kRowBlock) {
    const size_t end = std::min(begin + kRowBlock, rows);
    for (size_t q = 0; q < dt.panels(); ++q) {
      const size_t columns = dt.PanelSamples(q);
      for (size_t i = begin; i < end; i += kHeight) {
        StoreTile(x, row + i, dt, q, sums);
        if (i == 0 && q == 0) first_entry = sums[0];
        const auto origin = hn::Set(d, first_entry);
        for (size_t half = 0; half < columns; half += lanes) {
          const auto real = hn::FirstN(d, columns - half);
          auto s1 = hn::Zero(d), s2 = hn::Zero(d);
          for (size_t r = 0; r < std::min(kHeight, end - i); ++r) {
            const auto entry = hn::Load(d, sums + r * width + half);
            const auto e = hn::IfThenElseZero(real, hn::Sub(entry, origin));
            s1 = hn::Add(s1, e);
            s2 = hn::MulAdd(e, e, s2);
          }
          hn::Store(s1, d, parts);
          hn::Store(s2, d, parts + lanes);
          for (size_t k = 0; k < lanes; k += hn::Lanes(dd)) {
            first = hn::Add(first, LoadDouble(dd, parts + k));
            second = hn::Add(second, LoadDouble(dd, parts + lanes + k));
          }
        }
      }
    }
  }
  return {first_entry, hn::GetLane(hn::SumOfLanes(dd, first)),
          hn::GetLane(hn::SumOfLanes(dd, second))};
}

// The square of samples [0, samples) and units [0, units) at `in`, a panel of
// some width, becomes samples [0, units) and units [0, samples) at `out`, of
// the same width. Lanes from `units` on become 0.
template <typename T>
HWY_INLINE void TransposeSquare(const T* HWY_RESTRICT in, size_t samples,
                                size_t units, size_t width,
                                T* HWY_RESTRICT out) {
  for (size_t i = 0; i < samples; ++i) {
    T* const row = out + i * width;
    for (size_t j = 0; j < units; ++j) row[j] = in[j * width + i];
    std::fill(row + units, row + width, T{0});
  }
}

#if HWY_TARGET <= HWY_AVX2 || HWY_TARGET == HWY_NEON
// The whole square, in blocks of 16 bytes, which interleaving transposes.
HWY_INLINE void TransposeWhole(const float* HWY_RESTRICT in,
                               float* HWY_RESTRICT out) {
  const Tag<float> d;
  const hn::Repartition<double, Tag<float>> d64;
  const hn::FixedTag<float, 4> block;
  const size_t lanes = hn::Lanes(d), width = 2 * lanes;
  HWY_ALIGN float rows[4 * hn::MaxLanes(d)];
  const auto pairs = [&](auto v) { return hn::BitCast(d64, v); };
  for (size_t j = 0; j < width; j += 4) {
    for (size_t half = 0; half < width; half += lanes) {
      const float* const at = in + j * width + half;
      const auto a = hn::Load(d, at), b = hn::Load(d, at + width);
      const auto c = hn::Load(d, at + 2 * width);
      const auto e = hn::Load(d, at + 3 * width);
      const auto ab_low = pairs(hn::InterleaveLower(d, a, b));
      const auto ab_high = pairs(hn::InterleaveUpper(d, a, b));
      const auto ce_low = pairs(hn::InterleaveLower(d, c, e));
      const auto ce_high = pairs(hn::InterleaveUpper(d, c, e));
      const auto store = [&](size_t i, auto v) {
        hn::Store(hn::BitCast(d, v), d, rows + i * lanes);
      };
      store(0, hn::InterleaveLower(d64, ab_low, ce_low));
      store(1, hn::InterleaveUpper(d64, ab_low, ce_low));
      store(2, hn::InterleaveLower(d64, ab_high, ce_high));
      store(3, hn::InterleaveUpper(d64, ab_high, ce_high));
      // Block k of rows[i] has units j … j + 3 of sample half + 4k + i.
      for (size_t k = 0; k < lanes; k += 4) {
        for (size_t i = 0; i < 4; ++i) {
          hn::Store(hn::Load(block, rows + i * lanes + k), block,
                    out + (half + k + i) * width + j);
        }
      }
    }
  }
}
#else
inline void TransposeWhole(const float* in, float* out) {
  const size_t width = 2 * hn::Lanes(Tag<float>());
  TransposeSquare(in, width, width, width, out);
}
#endif
inline void TransposeWhole(const double* in, double* out) {
  const size_t width = 2 * hn::Lanes(Tag<double>());
  TransposeSquare(in, width, width, width, out);
}

template <typename T>
void TransposeT(const PackedBatch<T>& from, PackedBatch<T>* to) {
  to->Resize(from.units(), from.samples());
  const size_t width = from.width();
  // Square by square: panel q of `to` holds units [q·width, …) of `from`.
  for (size_t q = 0; q < to->panels(); ++q) {
    for (size_t p = 0; p < from.panels(); ++p) {
      const T* const in = from.unit(p, q * width);
      T* const out = to->unit(q, p * width);
      const size_t units = to->PanelSamples(q), samples = from.PanelSamples(p);
      if (units == width && samples == width) {
        TransposeWhole(in, out);
      } else {
        TransposeSquare(in, samples, units, width, out);
      }
    }
  }
}

// HWY_EXPORT() wants a name for each instance.
#define INITSCOPE_KERNELS(T, SUFFIX)                                          \
  static constexpr auto& Transpose##SUFFIX = TransposeT<T>;                   \
  static constexpr auto& TransposedMultiply##SUFFIX = TransposedMultiplyT<T>; \
  static constexpr auto& TransposedSums##SUFFIX = TransposedSumsT<T>;
INITSCOPE_KERNELS(float, F32)
INITSCOPE_KERNELS(double, F64)
#undef INITSCOPE_KERNELS

}  // namespace HWY_NAMESPACE
}  // namespace initscope
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace initscope {

#define INITSCOPE_DISPATCH(T, SUFFIX)                                        \
  HWY_EXPORT(Transpose##SUFFIX);                                             \
  HWY_EXPORT(TransposedMultiply##SUFFIX);                                    \
  HWY_EXPORT(TransposedSums##SUFFIX);                                        \
  template <>                                                                \
  void Transpose(const PackedBatch<T>& from, PackedBatch<T>* to) {           \
    HWY_DYNAMIC_DISPATCH(Transpose##SUFFIX)(from, to);                       \
  }                                                                          \
  template <>                                                                \
  void TransposedMultiply(const PackedBatch<T>& x, size_t row,               \
                          const PackedBatch<T>& dt, MatrixView<T> out) {     \
    HWY_DYNAMIC_DISPATCH(TransposedMultiply##SUFFIX)(x, row, dt, out);       \
  }                                                                          \
  template <>                                                                \
  EntrySums TransposedSums(const PackedBatch<T>& x, size_t row, size_t rows, \
                           const PackedBatch<T>& dt) {                       \
    return HWY_DYNAMIC_DISPATCH(TransposedSums##SUFFIX)(x, row, rows, dt);   \
  }
INITSCOPE_DISPATCH(float, F32)
INITSCOPE_DISPATCH(double, F64)
#undef INITSCOPE_DISPATCH

}  // namespace initscope
#endif  // HWY_ONCE
