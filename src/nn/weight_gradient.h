// Moments of the weight gradient dW = Xᵀ Δ and of the bias gradient db = 1ᵀ Δ.
//
// dW is seldom formed. With c_i, g_i the mean entries of rows x_i, δ_i, and
// x̃_i = x_i − c_i, δ̃_i = δ_i − g_i, the four parts of
//     dW = Σ_i (x̃_i + c_i 1)(δ̃_i + g_i 1)ᵀ
// are orthogonal, so that with N = fan_in·fan_out
//     N·Var(dW) = Σ_ik (x̃_i·x̃_k)(δ̃_i·δ̃_k)
//               + fan_out·‖Σ_i g_i x̃_i‖² + fan_in·‖Σ_i c_i δ̃_i‖²
//     N·mean(dW) = fan_in·fan_out·Σ_i c_i g_i
// The first sum is over entries of two batch × batch Gram matrices. Where its
// terms cancel, and where the width is so small that it is cheaper, dW is
// formed entry by entry; which is a function of shapes and values alone.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/parallel.h"
#include "linalg/packed_batch.h"
#include "nn/propagation.h"
#include "stats/moments.h"

namespace initscope {

// Scratch space that calls may share one after another.
template <typename T>
struct GradientScratch {
  PackedBatch<T> x, delta, transposed;
};

// Adds the mean, variance and second moment of one batch's dW to `moments`,
// whose other values are then not meaningful. x: batch × fan_in, delta:
// batch × fan_out. Up to `jobs` workers, which changes no bit.
template <typename T>
void AddWeightGradient(const MeasuredBatch<T>& x, const MeasuredBatch<T>& delta,
                       Jobs jobs, GradientScratch<T>* scratch,
                       Moments* moments);

// dW strip by strip: visit(row, strip, e) is called once for every strip of
// rows [row, row + strip.rows()), with dW = strip·2^e and e the same for all;
// from up to `jobs` workers at the same time. The strip is the visitor's to
// change. Error of an entry: batch·eps·Σ|x||delta|.
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

// Floating-point operations of one batch's moments where nothing cancels.
double WeightGradientFlops(double batch, double fan_in, double fan_out);

}  // namespace initscope
