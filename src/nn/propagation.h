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

#include "linalg/packed_batch.h"
#include "nn/activations.h"
#include "stats/row_kernels.h"

namespace initscope {

// A tensor's moments, sample by sample: of its mantissas as they are stored,
// and the exponents of these.
struct SampleMoments {
  std::vector<RowMoments> rows;
  std::vector<int64_t> exponents;

  void Resize(size_t samples) {
    rows.assign(samples, {});
    exponents.assign(samples, 0);
  }
};

template <typename T>
struct ForwardLayer {
  const Activation* activation = nullptr;  // null at the output, X_L = Z_L
  double scale = 1;
  std::vector<T> bias;  // fan_out entries, or none for zero

  const PackedBatch<T>* x = nullptr;  // whose exponents Z takes up
  PackedBatch<T>* z = nullptr;        // in: the product X U; out: Z
  PackedBatch<T>* next = nullptr;     // X', of the shape of z
  PackedBatch<T>* slope = nullptr;    // S, likewise

  // What is measured.
  SampleMoments z_moments, x_moments, slope_moments;
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
  PackedBatch<T>* out = nullptr;          // in: the product Δ Uᵀ; out: Δ'
  SampleMoments moments;                  // of Δ'
};

template <typename T>
void FinishBackward(BackwardLayer<T>* layer, size_t p);

// What FinishBackward does after the product: brings samples of panel `p` into
// range and takes their moments. For delta_L, which is not a product.
template <typename T>
void MeasurePanel(PackedBatch<T>* x, size_t p, SampleMoments* moments);

}  // namespace initscope
