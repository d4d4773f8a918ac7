// The unit draw U of one layer, and products with it.
//
// Runs with the same seed, law and shape share one: scales never touch it.
// zero and constant have no matrix: a row of their X U is one sum, taken in
// double, so that units that must agree agree to the bit.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/matrix.h"
#include "nn/initializers.h"
#include "stats/moments.h"

namespace initscope {

template <typename T>
class UnitWeights {
 public:
  // Draws U, fan_in × fan_out, of `layer` (0-based).
  void Draw(UnitLaw law, uint64_t seed, size_t layer, size_t fan_in,
            size_t fan_out);

  size_t fan_in() const { return fan_in_; }
  size_t fan_out() const { return fan_out_; }
  bool is_zero() const { return law_ == UnitLaw::kZero; }
  T operator()(size_t i, size_t j) const;

  // out = x U: batch × fan_in → batch × fan_out.
  void Forward(ConstMatrixView<T> x, MatrixView<T> out) const;
  // out = d Uᵀ: batch × fan_out → batch × fan_in.
  void Backward(ConstMatrixView<T> d, MatrixView<T> out) const;
  // Of the entries of U.
  Moments EntryMoments() const;

 private:
  UnitLaw law_ = UnitLaw::kZero;
  size_t fan_in_ = 0;
  size_t fan_out_ = 0;
  Matrix<T> entries_;  // empty for zero and constant
};

}  // namespace initscope
