// Products with a whole packed matrix, spread over workers.
#pragma once

#include <span>

#include "base/parallel.h"
#include "linalg/packed_batch.h"
#include "linalg/packed_weights.h"

namespace initscope {

// One of several products with the same matrix. `out` has its final shape.
template <typename T>
struct ProductJob {
  const PackedBatch<T>* in;
  PackedBatch<T>* out;
};

// out = in W, mantissas only: batch × fan_in → batch × fan_out. The number of
// workers changes no bit.
template <typename T>
void MultiplyAll(PackedWeights<T>* w, std::span<const ProductJob<T>> products,
                 Jobs jobs);

// out = in Wᵀ, likewise: batch × fan_out → batch × fan_in.
template <typename T>
void MultiplyTransposedAll(PackedWeights<T>* w,
                           std::span<const ProductJob<T>> products, Jobs jobs);

}  // namespace initscope
