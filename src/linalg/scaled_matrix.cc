#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "linalg/scaled_matrix.cc"
#include "linalg/scaled_matrix.h"

#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>
#include <limits>

HWY_BEFORE_NAMESPACE();
namespace initscope {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// In one pass: v − v is 0 except for infinities and NaN.
template <typename T>
T MaxMagnitudeT(const T* x, size_t n) {
  const hn::ScalableTag<T> d;
  const size_t lanes = hn::Lanes(d);
  auto max = hn::Zero(d);
  auto bad = hn::Zero(d);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto v = hn::Abs(hn::LoadU(d, x + i));
    max = hn::Max(max, v);
    bad = hn::Add(bad, hn::Sub(v, v));
  }
  T result = hn::GetLane(hn::MaxOfLanes(d, max));
  T poison = hn::GetLane(hn::SumOfLanes(d, bad));
  for (; i < n; ++i) {
    const T v = std::abs(x[i]);
    result = std::max(result, v);
    poison += v - v;  // NOLINT(misc-redundant-expression): NaN for NaN and ∞
  }
  return poison == 0 ? result : std::numeric_limits<T>::infinity();
}

template <typename T>
void MultiplyByT(T* x, size_t n, T factor) {
  const hn::ScalableTag<T> d;
  const size_t lanes = hn::Lanes(d);
  const auto f = hn::Set(d, factor);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    hn::StoreU(hn::Mul(hn::LoadU(d, x + i), f), d, x + i);
  }
  for (; i < n; ++i) x[i] *= factor;
}

// HWY_EXPORT() wants a name for each instance.
static constexpr auto& MaxMagnitudeF32 = MaxMagnitudeT<float>;
static constexpr auto& MaxMagnitudeF64 = MaxMagnitudeT<double>;
static constexpr auto& MultiplyByF32 = MultiplyByT<float>;
static constexpr auto& MultiplyByF64 = MultiplyByT<double>;

}  // namespace HWY_NAMESPACE
}  // namespace initscope
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace initscope {

double LdexpFar(double value, int64_t shift) {
  return std::ldexp(value,
                    static_cast<int>(std::clamp<int64_t>(shift, -5000, 5000)));
}

template <typename T>
static void MultiplyBy(T* x, size_t n, T factor);

template <typename T>
void ScaleByPowerOfTwo(T* x, size_t n, int64_t shift) {
  // In steps whose factors T can hold; beyond two full ranges every result is 0
  // or infinite.
  constexpr int64_t kStep = std::numeric_limits<T>::max_exponent - 2;
  shift = std::clamp<int64_t>(shift, -4 * kStep, 4 * kStep);
  while (shift != 0) {
    const int64_t step = std::clamp<int64_t>(shift, -kStep, kStep);
    MultiplyBy(x, n, static_cast<T>(PowerOfTwo(step)));
    shift -= step;
  }
}

template <typename T>
void NormalizeRow(T* row, size_t n, int64_t* exponent) {
  const T max = MaxMagnitude(row, n);
  if (!(max <= std::numeric_limits<T>::max())) return;
  if (max == 0) {
    *exponent = 0;
    return;
  }
  const int64_t magnitude = std::ilogb(max) + *exponent;
  const bool plain = std::abs(magnitude) <= kPlainRange<T>;
  const int64_t target = plain ? 0 : magnitude;
  if (target == *exponent) return;
  ScaleByPowerOfTwo(row, n, *exponent - target);
  *exponent = target;
}

#define INITSCOPE_DISPATCH(T, SUFFIX)                        \
  HWY_EXPORT(MaxMagnitude##SUFFIX);                          \
  HWY_EXPORT(MultiplyBy##SUFFIX);                            \
  template <>                                                \
  T MaxMagnitude(const T* x, size_t n) {                     \
    return HWY_DYNAMIC_DISPATCH(MaxMagnitude##SUFFIX)(x, n); \
  }                                                          \
  template <>                                                \
  void MultiplyBy(T* x, size_t n, T factor) {                \
    HWY_DYNAMIC_DISPATCH(MultiplyBy##SUFFIX)(x, n, factor);  \
  }                                                          \
  template void ScaleByPowerOfTwo(T*, size_t, int64_t);      \
  template void NormalizeRow(T*, size_t, int64_t*);
INITSCOPE_DISPATCH(float, F32)
INITSCOPE_DISPATCH(double, F64)
#undef INITSCOPE_DISPATCH

}  // namespace initscope
#endif  // HWY_ONCE
