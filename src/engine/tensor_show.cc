#include "engine/tensor_show.h"

#include <algorithm>
#include <utility>

#include "nn/weight_gradient.h"

namespace initscope {
namespace {

template <typename T>
void Multiply(ScaledDouble factor, ScaledMatrix<T>* x) {
  if (factor.value == 1 && factor.exponent == 0) return;
  for (size_t i = 0; i < x->mantissa.size(); ++i) {
    T& entry = x->mantissa.data()[i];
    entry = static_cast<T>(entry * factor.value);
  }
  for (int64_t& exponent : x->exponent) exponent += factor.exponent;
}

}  // namespace

template <typename T>
void TensorShow<T>::Plain(Tensor name, size_t layer,
                          ConstMatrixView<T> tensor) const {
  ScaledMatrix<T> plain;
  plain.Resize(tensor.rows(), tensor.cols());
  std::copy_n(tensor.data(), tensor.size(), plain.mantissa.data());
  observer_->Observe(name, layer, plain);
}

template <typename T>
void TensorShow<T>::Scaled(Tensor name, size_t layer,
                           const PackedBatch<T>& tensor,
                           ScaledDouble factor) const {
  ScaledMatrix<T> plain;
  Unpack(tensor, &plain);
  Multiply(factor, &plain);
  observer_->Observe(name, layer, plain);
}

template <typename T>
void TensorShow<T>::Input() const {
  if (is_on()) Scaled(Tensor::kX, 0, forward_.x(0), {1, 0});
}

template <typename T>
void TensorShow<T>::Layer(size_t l, ConstMatrixView<T> w,
                          const std::vector<T>& bias) const {
  if (!is_on()) return;
  Plain(Tensor::kW, l, w);
  const std::vector<T> zeros(bias.empty() ? w.cols() : 0);
  const std::vector<T>& b = bias.empty() ? zeros : bias;
  Plain(Tensor::kB, l, ConstMatrixView<T>(b.data(), 1, b.size()));
  const bool is_output = l + 1 == forward_.run().depth();
  const ScaledDouble factor = factors_.x[l + 1];
  Scaled(Tensor::kZ, l + 1, forward_.z(), factor);
  Scaled(Tensor::kX, l + 1, is_output ? forward_.z() : forward_.x(l + 1),
         factor);
}

template <typename T>
void TensorShow<T>::Target(const Matrix<double>& target) const {
  if (!is_on()) return;
  Matrix<T> rounded(target.rows(), target.cols());
  std::copy_n(target.data(), target.size(), rounded.data());
  Plain(Tensor::kTarget, 0, std::as_const(rounded).view());
}

template <typename T>
void TensorShow<T>::Delta(size_t l) const {
  if (is_on()) Scaled(Tensor::kDelta, l, backward_.delta(), factors_.delta[l]);
}

template <typename T>
void TensorShow<T>::Gradients(size_t l) const {
  if (!is_on()) return;
  ScaledMatrix<T> dw;
  FormWeightGradient(forward_.x(l), backward_.delta(), &dw);
  Multiply(factors_.x[l], &dw);
  Multiply(factors_.delta[l + 1], &dw);
  observer_->Observe(Tensor::kDW, l, dw);
  const ScaledMatrix<double>& gradient = backward_.bias_gradient();
  ScaledMatrix<double> db;
  db.Resize(1, gradient.cols());
  std::copy_n(gradient.mantissa.data(), db.cols(), db.mantissa.data());
  db.exponent = gradient.exponent;
  Multiply(factors_.delta[l + 1], &db);
  observer_->Observe(Tensor::kDb, l, db);
}

template class TensorShow<float>;
template class TensorShow<double>;

}  // namespace initscope
