#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stats/row_kernels.cc"
#include "stats/row_kernels.h"

#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "linalg/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace initscope {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<double>;
using V = hn::Vec<D>;

// Sums about mean + shift from those about the mean, by the binomial theorem;
// the sum of the deviations from it is `rest`.
void Move(double shift, double rest, RowMoments* sums) {
  sums->mean += shift;
  sums->m4 -=
      shift * (4 * sums->m3 - shift * (6 * sums->m2 - 3 * shift * rest));
  sums->m3 -= shift * (3 * sums->m2 - 2 * shift * rest);
  sums->m2 = std::max(0.0, sums->m2 - shift * rest);
}

template <typename T>
RowMoments FiniteRowMoments(const T* x, size_t n) {
  RowMoments out;
  out.count = n;
  if (n == 0) return out;
  const D d;
  const size_t lanes = hn::Lanes(d);
  const size_t whole = n - n % lanes;
  const double origin = x[0];

  const V vorigin = hn::Set(d, origin);
  V vsum = hn::Zero(d), vabs = hn::Zero(d), vmin = vorigin, vmax = vorigin;
  for (size_t i = 0; i < whole; i += lanes) {
    const V v = LoadDouble(d, x + i);
    vsum = hn::Add(vsum, hn::Sub(v, vorigin));
    vabs = hn::Add(vabs, hn::Abs(v));
    vmin = hn::Min(vmin, v);
    vmax = hn::Max(vmax, v);
  }
  double sum = hn::GetLane(hn::SumOfLanes(d, vsum));
  out.abs_sum = hn::GetLane(hn::SumOfLanes(d, vabs));
  out.min = hn::GetLane(hn::MinOfLanes(d, vmin));
  out.max = hn::GetLane(hn::MaxOfLanes(d, vmax));
  for (size_t i = whole; i < n; ++i) {
    const double v = x[i];
    sum += v - origin;
    out.abs_sum += std::abs(v);
    out.min = std::min(out.min, v);
    out.max = std::max(out.max, v);
  }
  const double count = static_cast<double>(n);
  const double mean = origin + sum / count;

  const V vmean = hn::Set(d, mean);
  V v1 = hn::Zero(d), v2 = hn::Zero(d), v3 = hn::Zero(d), v4 = hn::Zero(d);
  for (size_t i = 0; i < whole; i += lanes) {
    const V e = hn::Sub(LoadDouble(d, x + i), vmean);
    const V e2 = hn::Mul(e, e);
    v1 = hn::Add(v1, e);
    v2 = hn::Add(v2, e2);
    v3 = hn::MulAdd(e2, e, v3);
    v4 = hn::MulAdd(e2, e2, v4);
  }
  double rest = hn::GetLane(hn::SumOfLanes(d, v1));
  out.m2 = hn::GetLane(hn::SumOfLanes(d, v2));
  out.m3 = hn::GetLane(hn::SumOfLanes(d, v3));
  out.m4 = hn::GetLane(hn::SumOfLanes(d, v4));
  for (size_t i = whole; i < n; ++i) {
    const double e = x[i] - mean;
    rest += e;
    out.m2 += e * e;
    out.m3 += e * e * e;
    out.m4 += e * e * e * e;
  }
  out.mean = mean;
  Move(rest / count, rest, &out);
  return out;
}

template <typename T>
PowerSums PowerSumsT(const T* x, size_t n) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  const size_t whole = n - n % (2 * lanes);
  V a1 = hn::Zero(d), a2 = a1, b1 = a1, b2 = a1;
  for (size_t i = 0; i < whole; i += 2 * lanes) {
    const V a = LoadDouble(d, x + i), b = LoadDouble(d, x + i + lanes);
    a1 = hn::Add(a1, a);
    b1 = hn::Add(b1, b);
    a2 = hn::MulAdd(a, a, a2);
    b2 = hn::MulAdd(b, b, b2);
  }
  PowerSums out = {hn::GetLane(hn::SumOfLanes(d, hn::Add(a1, b1))),
                   hn::GetLane(hn::SumOfLanes(d, hn::Add(a2, b2)))};
  for (size_t i = whole; i < n; ++i) {
    const double v = x[i];
    out.first += v;
    out.second += v * v;
  }
  return out;
}

template <typename T>
size_t CountBelowT(const T* x, size_t n, T bound) {
  const hn::ScalableTag<T> d;
  const size_t lanes = hn::Lanes(d);
  const auto vbound = hn::Set(d, bound);
  size_t count = 0;
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    count += hn::CountTrue(d, hn::Lt(hn::Abs(hn::LoadU(d, x + i)), vbound));
  }
  for (; i < n; ++i) count += std::abs(x[i]) < bound;
  return count;
}

template <typename T>
size_t CountZerosT(const T* x, size_t n) {
  const hn::ScalableTag<T> d;
  const size_t lanes = hn::Lanes(d);
  size_t count = 0;
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    count += hn::CountTrue(d, hn::Eq(hn::LoadU(d, x + i), hn::Zero(d)));
  }
  for (; i < n; ++i) count += x[i] == 0;
  return count;
}

// HWY_EXPORT() wants a name for each instance.
#define INITSCOPE_KERNELS(T, SUFFIX)                              \
  static constexpr auto& FiniteRow##SUFFIX = FiniteRowMoments<T>; \
  static constexpr auto& PowerSums##SUFFIX = PowerSumsT<T>;       \
  static constexpr auto& CountBelow##SUFFIX = CountBelowT<T>;     \
  static constexpr auto& CountZeros##SUFFIX = CountZerosT<T>;
INITSCOPE_KERNELS(float, F32)
INITSCOPE_KERNELS(double, F64)
#undef INITSCOPE_KERNELS

}  // namespace HWY_NAMESPACE
}  // namespace initscope
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace initscope {

// The moments of a row whose entries are all finite.
template <typename T>
static RowMoments FiniteRow(const T* x, size_t n);

#define INITSCOPE_DISPATCH(T, SUFFIX)                             \
  HWY_EXPORT(FiniteRow##SUFFIX);                                  \
  HWY_EXPORT(PowerSums##SUFFIX);                                  \
  HWY_EXPORT(CountBelow##SUFFIX);                                 \
  HWY_EXPORT(CountZeros##SUFFIX);                                 \
  template <>                                                     \
  RowMoments FiniteRow(const T* x, size_t n) {                    \
    return HWY_DYNAMIC_DISPATCH(FiniteRow##SUFFIX)(x, n);         \
  }                                                               \
  template <>                                                     \
  PowerSums ComputePowerSums(const T* x, size_t n) {              \
    return HWY_DYNAMIC_DISPATCH(PowerSums##SUFFIX)(x, n);         \
  }                                                               \
  template <>                                                     \
  size_t CountBelow(const T* x, size_t n, T bound) {              \
    return HWY_DYNAMIC_DISPATCH(CountBelow##SUFFIX)(x, n, bound); \
  }                                                               \
  template <>                                                     \
  size_t CountZeros(const T* x, size_t n) {                       \
    return HWY_DYNAMIC_DISPATCH(CountZeros##SUFFIX)(x, n);        \
  }
INITSCOPE_DISPATCH(float, F32)
INITSCOPE_DISPATCH(double, F64)
#undef INITSCOPE_DISPATCH

RowMoments RowMoments::ScaledBy(double factor) const {
  RowMoments out = *this;
  const double square = factor * factor;
  out.mean *= factor;
  out.m2 *= square;
  out.m3 *= square * factor;
  out.m4 *= square * factor * factor;
  out.abs_sum *= factor;
  out.min *= factor;
  out.max *= factor;
  return out;
}

template <typename T>
RowMoments ComputeRowMoments(const T* x, size_t n) {
  RowMoments out = FiniteRow(x, n);
  if (std::isfinite(out.abs_sum)) return out;
  std::vector<T> finite;
  std::copy_if(x, x + n, std::back_inserter(finite),
               [](T v) { return std::isfinite(v); });
  out = FiniteRow(finite.data(), finite.size());
  out.non_finite = n - finite.size();
  return out;
}

template RowMoments ComputeRowMoments(const float*, size_t);
template RowMoments ComputeRowMoments(const double*, size_t);

}  // namespace initscope
#endif  // HWY_ONCE
