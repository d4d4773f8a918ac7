// Moments of the weight gradient dW = Xᵀ Δ and of the bias gradient db = 1ᵀ Δ.
//
// dW is seldom formed. Let c_i and g_i be the mean entries of the rows x_i and
// δ_i, and x̃_i = x_i − c_i, δ̃_i = δ_i − g_i. The four parts of
//
//     dW = Σ_i (x̃_i + c_i 1)(δ̃_i + g_i 1)ᵀ
//
// are orthogonal, so
//
//     mean(dW)                = Σ_i c_i g_i
//     fan_in·fan_out·Var(dW)  = Σ_ik (x̃_i·x̃_k)(δ̃_i·δ̃_k)
//                             + fan_out·‖Σ_i g_i x̃_i‖²
//                             + fan_in·‖Σ_i c_i δ̃_i‖²
//
// The first sum runs over the entries of two batch × batch Gram matrices. If
// its terms cancel, or if the layer is so narrow that it is cheaper, dW is
// formed entry by entry. The choice depends only on shapes and values.
#pragma once

#include <cstdint>
#include <functional>

#include "base/parallel.h"
#include "linalg/packed_batch.h"
#include "nn/propagation.h"
#include "stats/moments.h"

namespace initscope {

// Scratch space that successive calls may share.
template <typename T>
struct GradientScratch {
  PackedBatch<T> x, delta, transposed;
};

// Adds the mean, variance and second moment of one batch's dW to `moments`,
// whose other values are then unspecified. x: batch × fan_in, delta: batch ×
// fan_out. `jobs` changes no bit.
template <typename T>
void AddWeightGradient(const MeasuredBatch<T>& x, const MeasuredBatch<T>& delta,
                       Jobs jobs, GradientScratch<T>* scratch,
                       Moments* moments);

// Forms dW strip by strip. Calls visit(row, strip, e) once for every strip of
// rows [row, row + strip.rows()), where dW = strip·2^e with the same e for all,
// from up to `jobs` workers at the same time. The visitor may change the strip.
// Error of an entry: batch·eps·Σ|x||delta|.
template <typename T>
using GradientVisitor =
    std::function<void(size_t row, MatrixView<T> strip, int64_t exponent)>;
template <typename T>
void VisitWeightGradient(const MeasuredBatch<T>& x,
                         const MeasuredBatch<T>& delta, Jobs jobs,
                         GradientScratch<T>* scratch,
                         const GradientVisitor<T>& visit);

// dW itself, fan_in × fan_out, all rows with the same exponent.
template <typename T>
void FormWeightGradient(const MeasuredBatch<T>& x,
                        const MeasuredBatch<T>& delta, ScaledMatrix<T>* out);

// Flop of the moments of one batch's dW if nothing cancels.
double WeightGradientFlops(double batch, double fan_in, double fan_out);

}  // namespace initscope
