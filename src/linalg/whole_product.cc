#include "linalg/whole_product.h"

#include <algorithm>

#include "linalg/packed_product.h"

namespace initscope {
namespace {

// Units per task with several workers; a single one takes whole blocks.
constexpr size_t kTaskUnits = 48;
static_assert(kWeightBlock % kTaskUnits == 0);

size_t TaskUnits(Jobs jobs) {
  return jobs.count == 1 ? kWeightBlock : kTaskUnits;
}

size_t Steps(size_t n, size_t step) { return (n + step - 1) / step; }

}  // namespace

template <typename T>
void MultiplyAll(PackedWeights<T>* w, std::span<const ProductJob<T>> products,
                 Jobs jobs) {
  const size_t step = TaskUnits(jobs);
  ParallelFor(Steps(w->columns(), step), jobs, [&](size_t t) {
    const size_t column = t * step;
    const size_t columns = std::min(step, w->columns() - column);
    for (size_t i = 0; i < Steps(w->rows(), kWeightBlock); ++i) {
      const WeightBlock<T> block = w->Block(i, column, columns);
      for (const ProductJob<T>& o : products) {
        Multiply(block, *o.in, 0, o.in->panels(), o.out);
      }
    }
  });
}

template <typename T>
void MultiplyTransposedAll(PackedWeights<T>* w,
                           std::span<const ProductJob<T>> products, Jobs jobs) {
  const size_t step = TaskUnits(jobs);
  ParallelFor(Steps(w->rows(), step), jobs, [&](size_t t) {
    const size_t row = t * step;
    const size_t rows = std::min(step, w->rows() - row);
    for (size_t j = 0; j < w->columns(); j += kWeightBlock) {
      const size_t columns = std::min(kWeightBlock, w->columns() - j);
      const WeightBlock<T> block =
          w->Block(row / kWeightBlock, j, columns).Rows(row, rows);
      for (const ProductJob<T>& o : products) {
        MultiplyTransposed(block, *o.in, 0, o.in->panels(), o.out);
      }
    }
  });
}

#define INITSCOPE_INSTANTIATE(T)                                               \
  template void MultiplyAll(PackedWeights<T>*, std::span<const ProductJob<T>>, \
                            Jobs);                                             \
  template void MultiplyTransposedAll(PackedWeights<T>*,                       \
                                      std::span<const ProductJob<T>>, Jobs);
INITSCOPE_INSTANTIATE(float)
INITSCOPE_INSTANTIATE(double)
#undef INITSCOPE_INSTANTIATE

}  // namespace initscope
