// One layer forward and backward, on matrices whose rows carry exponents.
//
//     Z = scale·(X U) + 1 b        X' = f(Z)                  S = f'(Z)
//     P = scale·(Δ Uᵀ)             Δ' = P ⊙ S
//     dW = Xᵀ Δ                    db = 1ᵀ Δ
//
// Rows are samples. Every row of Z, X', Δ' is in canonical form (NormalizeRow),
// a function of its value alone. T: float, double.
#pragma once

#include <cstdint>
#include <vector>

#include "linalg/scaled_matrix.h"
#include "nn/activations.h"
#include "nn/unit_weights.h"

namespace initscope {

// z = scale·(x U) + 1 bias. `bias` holds fan_out entries, or none for zero.
template <typename T>
void ForwardLinear(const UnitWeights<T>& weights, double scale,
                   const std::vector<T>& bias, const ScaledMatrix<T>& x,
                   ScaledMatrix<T>* z);

// x = f(z), slope = f'(z). A row with exponent e is propagated by
// f_e(x) = 2^−e f(2^e x): exactly for homogeneous f, else in double with the
// limits of f at 0 and ±∞ beyond its range. Where a whole row of slopes would
// underflow, it is computed from log|f'| and carries an exponent of its own.
template <typename T>
void ApplyActivation(const Activation& activation, const ScaledMatrix<T>& z,
                     ScaledMatrix<T>* x, ScaledMatrix<T>* slope);

// out = scale·(delta Uᵀ), ⊙ slope unless that is null.
template <typename T>
void BackwardLinear(const UnitWeights<T>& weights, double scale,
                    const ScaledMatrix<T>& delta, const ScaledMatrix<T>* slope,
                    ScaledMatrix<T>* out);

// out = xᵀ delta, fan_in × fan_out, all rows with the same exponent. Error of
// an entry: batch·eps·Σ|x||delta|.
template <typename T>
void WeightGradient(const ScaledMatrix<T>& x, const ScaledMatrix<T>& delta,
                    ScaledMatrix<T>* out);

// out = 1ᵀ delta, 1 × width, summed in double.
template <typename T>
void BiasGradient(const ScaledMatrix<T>& delta, ScaledMatrix<double>* out);

}  // namespace initscope
