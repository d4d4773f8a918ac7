// One layer forward and backward, on packed batches (linalg/packed_batch.h).
//
//     Z = scale·(X U) + 1 b        X' = f(Z)                  S = f'(Z)
//     P = scale·(Δ Uᵀ)             Δ' = P ⊙ S
//
// The products are formed elsewhere; here they are finished: one pass over a
// panel scales, adds the bias, applies f and f', and takes the moments of all
// tensors sample by sample. Panels are independent. Rows (samples) carry
// exponents, so that neither depth nor gain leaves T's range; a row that needs
// more than T's arithmetic is done apart, in double. T: float, double.
#pragma once

#include <cstdint>
#include <vector>

#include "base/parallel.h"
#include "linalg/packed_batch.h"
#include "nn/activations.h"
#include "stats/row_kernels.h"

namespace initscope {

// A batch with the moments of each sample: of its mantissas as they are stored,
// so that its exponent applies to them, too.
template <typename T>
struct MeasuredBatch : PackedBatch<T> {
  void Resize(size_t samples, size_t units) {
    PackedBatch<T>::Resize(samples, units);
    rows.assign(samples, {});
  }

  std::vector<RowMoments> rows;
};

// Packs `from`, brings its samples into the range that the kernels want and
// takes their moments. For what is not a product: X_0 and delta_L.
template <typename T>
void Measure(const ScaledMatrix<T>& from, Jobs jobs, MeasuredBatch<T>* to);

template <typename T>
struct ForwardLayer {
  const Activation* activation = nullptr;  // null at the output, X_L = Z_L
  double scale = 1;
  std::vector<T> bias;  // fan_out entries, or none for zero

  const PackedBatch<T>* x = nullptr;  // whose exponents Z takes up
  MeasuredBatch<T>* z = nullptr;      // in: the product X U; out: Z
  MeasuredBatch<T>* next = nullptr;   // X', of the shape of z
  PackedBatch<T>* slope = nullptr;    // S, likewise

  // What is measured beside the moments of z and next.
  std::vector<RowMoments> slope_rows;
  std::vector<uint32_t> zeros;      // entries of X' that are 0, per sample
  std::vector<uint32_t> saturated;  // of S below 1 % of max|f'|, per sample
  // Whether f' is not 0 for some sample of a panel: panels × units. Only for
  // activations whose f' has exact zeros.
  Matrix<uint8_t> alive;

  // Shapes everything after z, whose samples and units they take.
  void Prepare();
  bool HasExactZeros() const {
    return activation != nullptr && activation->log_abs_slope == nullptr;
  }
};

// Finishes panel `p`. A sample with exponent e is propagated by
// f_e(x) = 2^−e f(2^e x): exactly for homogeneous f, else in double with the
// limits of f at 0 and ±∞ beyond its range. Where a whole row of slopes would
// underflow, it is computed from log|f'| and carries an exponent of its own.
template <typename T>
void FinishForward(ForwardLayer<T>* layer, size_t p);

template <typename T>
struct BackwardLayer {
  double scale = 1;
  const PackedBatch<T>* delta = nullptr;  // whose exponents are taken up
  const PackedBatch<T>* slope = nullptr;  // S; null at the input
  MeasuredBatch<T>* out = nullptr;        // in: the product Δ Uᵀ; out: Δ'
};

template <typename T>
void FinishBackward(BackwardLayer<T>* layer, size_t p);

}  // namespace initscope
