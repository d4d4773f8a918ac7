#include "nn/unit_weights.h"

#include <algorithm>
#include <numeric>

#include "linalg/product.h"
#include "random/orthogonal.h"
#include "random/variates.h"

namespace initscope {
namespace {

// Every entry of a row of `out` becomes the sum of that row of `x`.
template <typename T>
void BroadcastRowSums(ConstMatrixView<T> x, MatrixView<T> out) {
  for (size_t i = 0; i < x.rows(); ++i) {
    const double sum = std::accumulate(x.row(i), x.row(i) + x.cols(), 0.0);
    std::fill_n(out.row(i), out.cols(), static_cast<T>(sum));
  }
}

}  // namespace

template <typename T>
void UnitWeights<T>::Draw(UnitLaw law, uint64_t seed, size_t layer,
                          size_t fan_in, size_t fan_out) {
  law_ = law;
  fan_in_ = fan_in;
  fan_out_ = fan_out;
  if (law == UnitLaw::kZero || law == UnitLaw::kConstant) return;
  entries_.Resize(fan_in, fan_out);
  const VariateSource source = {seed, Stream::kWeights,
                                static_cast<uint32_t>(layer)};
  switch (law) {
    case UnitLaw::kNormal:
      return FillVariates(VariateLaw::kNormal, source, 0, 0, entries_.view());
    case UnitLaw::kUniform:
      return FillVariates(VariateLaw::kUniform, source, 0, 0, entries_.view());
    case UnitLaw::kTruncatedNormal:
      return FillVariates(VariateLaw::kTruncatedNormal, source, 0, 0,
                          entries_.view());
    case UnitLaw::kOrthogonal:
      return FillOrthogonal(source, entries_.view());
    case UnitLaw::kZero:
    case UnitLaw::kConstant:
      return;
  }
}

template <typename T>
T UnitWeights<T>::operator()(size_t i, size_t j) const {
  if (law_ == UnitLaw::kZero) return 0;
  if (law_ == UnitLaw::kConstant) return 1;
  return entries_(i, j);
}

template <typename T>
void UnitWeights<T>::Forward(ConstMatrixView<T> x, MatrixView<T> out) const {
  if (law_ == UnitLaw::kZero) {
    std::fill_n(out.data(), out.size(), T{0});
  } else if (law_ == UnitLaw::kConstant) {
    BroadcastRowSums(x, out);
  } else {
    Multiply<T>(x, entries_.view(), out);
  }
}

template <typename T>
void UnitWeights<T>::Backward(ConstMatrixView<T> d, MatrixView<T> out) const {
  if (law_ == UnitLaw::kZero) {
    std::fill_n(out.data(), out.size(), T{0});
  } else if (law_ == UnitLaw::kConstant) {
    BroadcastRowSums(d, out);
  } else {
    MultiplyTransposed<T>(d, entries_.view(), out);
  }
}

template <typename T>
Moments UnitWeights<T>::EntryMoments() const {
  Moments moments;
  if (law_ == UnitLaw::kZero || law_ == UnitLaw::kConstant) {
    RowMoments row;
    row.count = fan_in_ * fan_out_;
    row.mean = row.min = row.max = law_ == UnitLaw::kZero ? 0 : 1;
    row.abs_sum = row.mean * static_cast<double>(row.count);
    moments.Add(row, 0);
    return moments;
  }
  for (size_t i = 0; i < fan_in_; ++i) {
    moments.Add(ComputeRowMoments(entries_.row(i), fan_out_), 0);
  }
  return moments;
}

template class UnitWeights<float>;
template class UnitWeights<double>;

}  // namespace initscope
