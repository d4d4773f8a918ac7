#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "linalg/packed_product.cc"
#include "linalg/packed_product.h"

#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include <algorithm>

#include "linalg/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace initscope {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// The product of a strip's rows [0, rows) with as many units of a panel.
template <typename T>
HWY_INLINE Tile<T, kHeight> Product(const T* HWY_RESTRICT strip,
                                    const T* HWY_RESTRICT samples,
                                    size_t rows) {
  // Rows per iteration: where two threads share the front end of a core, it has
  // no slots to spare for the loop.
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

// Adds the units [0, units) to kRows rows of a Gram tile.
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
  // The height of a panel is a number of full tiles and a rest.
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

// HWY_EXPORT() wants a name for each instance.
static constexpr auto& MultiplyF32 = MultiplyT<float>;
static constexpr auto& MultiplyF64 = MultiplyT<double>;
static constexpr auto& MultiplyTransposedF32 = MultiplyTransposedT<float>;
static constexpr auto& MultiplyTransposedF64 = MultiplyTransposedT<double>;
static constexpr auto& GramTilesF32 = GramTilesT<float>;
static constexpr auto& GramTilesF64 = GramTilesT<double>;
size_t LanesF32() { return hn::Lanes(Tag<float>()); }
size_t LanesF64() { return hn::Lanes(Tag<double>()); }
size_t Height() { return kHeight; }

}  // namespace HWY_NAMESPACE
}  // namespace initscope
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace initscope {

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

namespace {

// Units per task with several workers; a single one takes whole blocks.
constexpr size_t kTaskUnits = 48;
static_assert(kWeightBlock % kTaskUnits == 0);

size_t TaskUnits(Jobs jobs) {
  return jobs.count == 1 ? kWeightBlock : kTaskUnits;
}

template <typename T>
size_t PanelsOf(std::span<const ProductJob<T>> products) {
  size_t most = 0;
  for (const ProductJob<T>& o : products) {
    most = std::max(most, o.in->panels());
  }
  return most;
}

// Calls visit(begin, end) for groups of panels. What a product adds to for one
// block after another stays in L2.
template <typename Visit>
void ForPanelGroups(size_t panels, const Visit& visit) {
  constexpr size_t kPanels = 16;
  for (size_t begin = 0; begin < panels; begin += kPanels) {
    visit(begin, std::min(begin + kPanels, panels));
  }
}

}  // namespace

template <typename T>
void MultiplyAll(PackedWeights<T>* w, std::span<const ProductJob<T>> products,
                 Jobs jobs) {
  const size_t step = TaskUnits(jobs);
  ParallelFor(Steps(w->columns(), step), jobs, [&](size_t t) {
    const size_t column = t * step;
    const size_t columns = std::min(step, w->columns() - column);
    ForPanelGroups(PanelsOf(products), [&](size_t begin, size_t end) {
      for (size_t i = 0; i < Steps(w->rows(), kWeightBlock); ++i) {
        const WeightBlock<T> block = w->Block(i, column, columns);
        for (const ProductJob<T>& o : products) {
          Multiply(block, *o.in, begin, std::min(end, o.in->panels()), o.out);
        }
      }
    });
  });
}

template <typename T>
void MultiplyTransposedAll(PackedWeights<T>* w,
                           std::span<const ProductJob<T>> products, Jobs jobs) {
  const size_t step = TaskUnits(jobs);
  ParallelFor(Steps(w->rows(), step), jobs, [&](size_t t) {
    const size_t row = t * step;
    const size_t rows = std::min(step, w->rows() - row);
    ForPanelGroups(PanelsOf(products), [&](size_t begin, size_t end) {
      for (size_t j = 0; j < w->columns(); j += kWeightBlock) {
        const size_t columns = std::min(kWeightBlock, w->columns() - j);
        const WeightBlock<T> block =
            w->Block(row / kWeightBlock, j, columns).Rows(row, rows);
        for (const ProductJob<T>& o : products) {
          MultiplyTransposed(block, *o.in, begin, std::min(end, o.in->panels()),
                             o.out);
        }
      }
    });
  });
}

#define INITSCOPE_DISPATCH(T, SUFFIX)                                          \
  HWY_EXPORT(Multiply##SUFFIX);                                                \
  HWY_EXPORT(MultiplyTransposed##SUFFIX);                                      \
  HWY_EXPORT(GramTiles##SUFFIX);                                               \
  template <>                                                                  \
  void Multiply(const WeightBlock<T>& w, const PackedBatch<T>& x,              \
                size_t begin, size_t end, PackedBatch<T>* out) {               \
    HWY_DYNAMIC_DISPATCH(Multiply##SUFFIX)(w, x, begin, end, out);             \
  }                                                                            \
  template <>                                                                  \
  void MultiplyTransposed(const WeightBlock<T>& w, const PackedBatch<T>& d,    \
                          size_t begin, size_t end, PackedBatch<T>* out) {     \
    HWY_DYNAMIC_DISPATCH(MultiplyTransposed##SUFFIX)(w, d, begin, end, out);   \
  }                                                                            \
  template <>                                                                  \
  void GramTiles(const PackedBatch<T>& a, size_t p, const PackedBatch<T>& b,   \
                 size_t begin, size_t end, double* grams) {                    \
    HWY_DYNAMIC_DISPATCH(GramTiles##SUFFIX)(a, p, b, begin, end, grams);       \
  }                                                                            \
  template void MultiplyAll(PackedWeights<T>*, std::span<const ProductJob<T>>, \
                            Jobs);                                             \
  template void MultiplyTransposedAll(PackedWeights<T>*,                       \
                                      std::span<const ProductJob<T>>, Jobs);
INITSCOPE_DISPATCH(float, F32)
INITSCOPE_DISPATCH(double, F64)
#undef INITSCOPE_DISPATCH

}  // namespace initscope
#endif  // HWY_ONCE
