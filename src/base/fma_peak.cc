#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "base/fma_peak.cc"
#include "base/fma_peak.h"

#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>
#include <time.h>

#include <algorithm>

HWY_BEFORE_NAMESPACE();
namespace initscope {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Two units with a latency of four or five cycles need eight or ten sums in
// flight; twelve and the two operands fit into the 16 registers of AVX2.
constexpr size_t kSums = 12;

// Does `steps` rounds of kSums multiply-adds and returns the number of FLOP.
// The sums converge to 1/(1 − factor); `*result` is their total, which keeps
// the compiler from dropping them.
template <typename T>
double MultiplyAdds(size_t steps, T factor, T* result) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const V one = hn::Set(d, T{1});
  const V f = hn::Set(d, factor);
  V sum[kSums];
#pragma GCC unroll 12
  for (size_t i = 0; i < kSums; ++i) sum[i] = hn::Set(d, static_cast<T>(i));
  for (size_t step = 0; step < steps; ++step) {
#pragma GCC unroll 12
    for (size_t i = 0; i < kSums; ++i) sum[i] = hn::MulAdd(sum[i], f, one);
  }
  V total = sum[0];
#pragma GCC unroll 12
  for (size_t i = 1; i < kSums; ++i) total = hn::Add(total, sum[i]);
  *result = hn::GetLane(total);
  return 2.0 * static_cast<double>(kSums * hn::Lanes(d) * steps);
}

// HWY_EXPORT() wants a name for each instance.
static constexpr auto& MultiplyAddsF32 = MultiplyAdds<float>;
static constexpr auto& MultiplyAddsF64 = MultiplyAdds<double>;

}  // namespace HWY_NAMESPACE
}  // namespace initscope
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace initscope {

HWY_EXPORT(MultiplyAddsF32);
HWY_EXPORT(MultiplyAddsF64);

namespace {

double MultiplyAdds(size_t steps, float factor, float* result) {
  return HWY_DYNAMIC_DISPATCH(MultiplyAddsF32)(steps, factor, result);
}
double MultiplyAdds(size_t steps, double factor, double* result) {
  return HWY_DYNAMIC_DISPATCH(MultiplyAddsF64)(steps, factor, result);
}

// The CPU time of this thread: what else runs on the core does not count.
double CpuSeconds() {
  timespec time = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) +
         1e-9 * static_cast<double>(time.tv_nsec);
}

}  // namespace

template <typename T>
double MeasureFmaPeak() {
  constexpr double kSeconds = 0.025;
  constexpr size_t kSteps = 100000;  // about 0.2 ms
  double peak = 0;
  const double end = CpuSeconds() + kSeconds;
  for (double begin = CpuSeconds(); begin < end;) {
    T result;
    const double flops = MultiplyAdds(kSteps, T{0.5}, &result);
    const double now = CpuSeconds();
    peak = std::max(peak, flops / (now - begin));
    begin = now;
  }
  return peak;
}

template double MeasureFmaPeak<float>();
template double MeasureFmaPeak<double>();

}  // namespace initscope
#endif  // HWY_ONCE
