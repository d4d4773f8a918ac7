#include "engine/tensor_observer.h"

#include <algorithm>

namespace initscope {

template <typename T>
void Multiply(ScaledDouble factor, ScaledMatrix<T>* x) {
  if (factor.value == 1 && factor.exponent == 0) return;
  for (size_t i = 0; i < x->mantissa.size(); ++i) {
    T& entry = x->mantissa.data()[i];
    entry = static_cast<T>(entry * factor.value);
  }
  for (int64_t& exponent : x->exponent) exponent += factor.exponent;
}

template <typename T>
void Show(std::string_view name, size_t layer, const PackedBatch<T>& tensor,
          ScaledDouble factor, TensorObserver* observer) {
  ScaledMatrix<T> plain;
  Unpack(tensor, &plain);
  Multiply(factor, &plain);
  observer->Observe(name, layer, plain);
}

template <typename T, typename From>
void ShowPlain(std::string_view name, size_t layer, ConstMatrixView<From> from,
               TensorObserver* observer) {
  ScaledMatrix<T> plain;
  plain.Resize(from.rows(), from.cols());
  std::transform(from.data(), from.data() + from.size(), plain.mantissa.data(),
                 [](From x) { return static_cast<T>(x); });
  observer->Observe(name, layer, plain);
}

#define INITSCOPE_INSTANTIATE(T)                                              \
  template void Multiply(ScaledDouble, ScaledMatrix<T>*);                     \
  template void Show(std::string_view, size_t, const PackedBatch<T>&,         \
                     ScaledDouble, TensorObserver*);                          \
  template void ShowPlain<T, T>(std::string_view, size_t, ConstMatrixView<T>, \
                                TensorObserver*);
INITSCOPE_INSTANTIATE(float)
INITSCOPE_INSTANTIATE(double)
#undef INITSCOPE_INSTANTIATE
template void ShowPlain<float, double>(std::string_view, size_t,
                                       ConstMatrixView<double>,
                                       TensorObserver*);

}  // namespace initscope
