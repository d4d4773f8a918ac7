#include "nn/trained_weights.h"

#include <algorithm>
#include <utility>

namespace initscope {
namespace {

// Moves n weights. `v` is null without momentum, and unspecified if `first`.
template <typename T>
void Move(const T* gradient, size_t n, const DescentRule& rule, bool first,
          T* v, T* w) {
  const T rate = static_cast<T>(rule.learning_rate);
  const T decay = static_cast<T>(rule.weight_decay);
  const T momentum = static_cast<T>(rule.momentum);
  if (v == nullptr) {
    for (size_t i = 0; i < n; ++i) w[i] -= rate * (gradient[i] + decay * w[i]);
    return;
  }
  for (size_t i = 0; i < n; ++i) {
    const T g = gradient[i] + decay * w[i];
    v[i] = first ? g : momentum * v[i] + g;
    w[i] -= rate * v[i];
  }
}

}  // namespace

template <typename T>
TrainedWeights<T>::TrainedWeights(Matrix<T> w, std::vector<T> b)
    : w_(std::move(w)), b_(std::move(b)) {
  INITSCOPE_CHECK(b_.size() == w_.cols());
  packed_.Resize(w_.rows(), w_.cols());
  packed_.SetRows(0, w_.view());
}

template <typename T>
bool TrainedWeights<T>::IsFinite() const {
  // An infinity or NaN times 0 is NaN.
  T sum = 0;
  for (size_t i = 0; i < w_.size(); ++i) sum += w_.data()[i] * 0;
  for (T b : b_) sum += b * 0;
  return sum == 0;
}

template <typename T>
Moments TrainedWeights<T>::EntryMoments() const {
  Moments moments;
  for (size_t i = 0; i < w_.rows(); ++i) {
    moments.Add(ComputeRowMoments(w_.row(i), w_.cols()), 0);
  }
  return moments;
}

template <typename T>
void TrainedWeights<T>::Forward(std::span<const ProductJob<T>> products,
                                Jobs jobs) {
  MultiplyAll(&packed_, products, jobs);
}

template <typename T>
void TrainedWeights<T>::Backward(std::span<const ProductJob<T>> products,
                                 Jobs jobs) {
  MultiplyTransposedAll(&packed_, products, jobs);
}

template <typename T>
Matrix<T> TrainedWeights<T>::Entries(StopFlag) const {
  Matrix<T> out(w_.rows(), w_.cols());
  std::copy_n(w_.data(), w_.size(), out.data());
  return out;
}

template <typename T>
void TrainedWeights<T>::Descend(const MeasuredBatch<T>& x,
                                const MeasuredBatch<T>& delta,
                                const ScaledMatrix<double>& db,
                                const DescentRule& rule, Jobs jobs,
                                GradientScratch<T>* scratch) {
  const bool remembers = rule.momentum > 0;
  const bool first = remembers && w_velocity_.size() == 0;
  if (first) {
    w_velocity_.Resize(w_.rows(), w_.cols());
    b_velocity_.resize(b_.size());
  }
  VisitWeightGradient<T>(
      x, delta, jobs, scratch,
      [&](size_t row, MatrixView<T> strip, int64_t exponent) {
        if (exponent != 0) {
          const double factor = PowerOfTwo(exponent);
          for (size_t i = 0; i < strip.size(); ++i) {
            strip.data()[i] = static_cast<T>(strip.data()[i] * factor);
          }
        }
        Move(strip.data(), strip.size(), rule, first,
             remembers ? w_velocity_.row(row) : nullptr, w_.row(row));
        packed_.SetRows(
            row, ConstMatrixView<T>(w_.row(row), strip.rows(), strip.cols()));
      });
  std::vector<T> b_gradient(b_.size());
  for (size_t j = 0; j < b_.size(); ++j) {
    b_gradient[j] = static_cast<T>(
        ScaledDouble{db.mantissa(0, j), db.exponent[0]}.ToDouble());
  }
  Move(b_gradient.data(), b_.size(), rule, first,
       remembers ? b_velocity_.data() : nullptr, b_.data());
}

template class TrainedWeights<float>;
template class TrainedWeights<double>;

}  // namespace initscope
