// One layer forward and backward, on packed batches (linalg/packed_batch.h).
//
//     Z = scale·(X U) + 1 b        X' = f(Z)                  S = f'(Z)
//     P = scale·(Δ Uᵀ)             Δ' = P ⊙ S
//
// The products are formed elsewhere and finished here: one pass over a panel
// scales, adds the bias, applies f and f', and computes the moments of all
// tensors sample by sample. Panels are independent. Rows (samples) carry
// exponents, so no depth or gain leaves the range of T; a row that needs more
// than T's arithmetic is computed separately, in double. T: float, double.
#pragma once

#include <cstdint>
#include <vector>

#include "base/parallel.h"
#include "linalg/packed_batch.h"
#include "nn/activations.h"
#include "stats/sample_moments.h"

namespace initscope {

// A batch with the moments of each sample. They are those of the stored
// mantissas, so the sample's exponent applies to them as well.
template <typename T>
struct MeasuredBatch : PackedBatch<T> {
  void Resize(size_t samples, size_t units) {
    PackedBatch<T>::Resize(samples, units);
    rows.Resize(samples);
  }

  SampleMoments rows;
};

// Packs `from`, brings its samples into the range that the kernels need, and
// computes their moments. For tensors that are not products: X_0 and delta_L.
template <typename T>
void Measure(const ScaledMatrix<T>& from, Jobs jobs, MeasuredBatch<T>* to);

template <typename T>
struct ForwardLayer {
  const Activation* activation = nullptr;  // null at the output, X_L = Z_L
  double scale = 1;
  std::vector<T> bias;  // fan_out entries; empty if all are zero

  const PackedBatch<T>* x = nullptr;  // for its exponents
  MeasuredBatch<T>* z = nullptr;      // in: the product X U; out: Z
  MeasuredBatch<T>* next = nullptr;   // X', of the shape of z
  PackedBatch<T>* slope = nullptr;    // S, of the shape of z

  // Measured in addition to the moments of z and next.
  SampleMoments slope_rows;
  std::vector<uint32_t> zeros;  // entries of X' that are 0, per sample
  std::vector<uint32_t>
      saturated;  // entries of S below 1 % of max|f'|, per sample
  // Whether f' ≠ 0 for some sample of a panel: panels × units. Only for
  // activations whose f' has exact zeros.
  Matrix<uint8_t> alive;

  // Gives everything after z the shape of z.
  void Prepare();
  bool HasExactZeros() const {
    return activation != nullptr && activation->log_abs_slope == nullptr;
  }
};

// Finishes panel `p`. A sample with exponent e is propagated by
//
//     f_e(x) = 2^−e f(2^e x)
//
// exactly for homogeneous f, otherwise in double, with the limits of f at 0 and
// ±∞ beyond its range. A row of slopes that would underflow as a whole is
// computed from log|f'| and carries an exponent of its own.
template <typename T>
void FinishForward(ForwardLayer<T>* layer, size_t p);

template <typename T>
struct BackwardLayer {
  double scale = 1;
  const PackedBatch<T>* delta = nullptr;  // for its exponents
  const PackedBatch<T>* slope = nullptr;  // S; null at the input
  MeasuredBatch<T>* out = nullptr;        // in: the product Δ Uᵀ; out: Δ'
};

// Finishes panel `p`.
template <typename T>
void FinishBackward(BackwardLayer<T>* layer, size_t p);

}  // namespace initscope
