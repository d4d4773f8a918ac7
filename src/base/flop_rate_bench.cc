// The FMA peak, as a benchmark and as the yardstick of the others.

#include "base/flop_rate_bench.h"

#include <benchmark/benchmark.h>

#include <chrono>

#include "base/fma_peak.h"
#include "base/kernel_target.h"

namespace initscope {
namespace {

using benchmark::Counter;

template <typename T>
double RecentPeak() {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::milliseconds kRecent(250);
  static double peak = 0;
  static Clock::time_point measured;
  if (peak == 0 || Clock::now() - measured > kRecent) {
    peak = MeasureFmaPeak<T>();
    measured = Clock::now();
  }
  return peak;
}

template <typename T>
void BM_FmaPeak(benchmark::State& state) {
  double peak = 0;
  for (auto _ : state) {
    peak = MeasureFmaPeak<T>();
    benchmark::DoNotOptimize(peak);
  }
  state.counters["GFLOP/s"] = 1e-9 * peak;
  state.SetLabel(KernelTarget());
}

BENCHMARK(BM_FmaPeak<float>)->Name("FmaPeak/float");
BENCHMARK(BM_FmaPeak<double>)->Name("FmaPeak/double");

}  // namespace

template <typename T>
void SetFlops(benchmark::State& state, double flops, double bytes) {
  const double peak = RecentPeak<T>();
  const auto rate = Counter::kIsIterationInvariantRate;
  state.counters["GFLOP/s"] = Counter(1e-9 * flops, rate);
  state.counters["peak GFLOP/s"] = 1e-9 * peak;
  state.counters["% of peak"] = Counter(100 * flops / peak, rate);
  if (bytes > 0) {
    state.counters["FLOP"] = flops;
    state.counters["bytes"] = bytes;
  }
}

template void SetFlops<float>(benchmark::State&, double, double);
template void SetFlops<double>(benchmark::State&, double, double);

void SetItems(benchmark::State& state, double items) {
  state.counters["ns per item"] = Counter(
      1e-9 * items, static_cast<Counter::Flags>(
                        Counter::kIsIterationInvariantRate | Counter::kInvert));
}

}  // namespace initscope
