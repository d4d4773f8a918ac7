// The moments of a row, per entry.

#include <benchmark/benchmark.h>

#include "base/flop_rate_bench.h"
#include "base/kernel_target.h"
#include "base/matrix.h"
#include "stats/row_kernels.h"

namespace initscope {
namespace {

template <typename T>
void BM_RowMoments(benchmark::State& state) {
  const auto n = static_cast<size_t>(state.range(0));
  Matrix<T> x(1, n);
  for (size_t i = 0; i < n; ++i) {
    x(0, i) = static_cast<T>(static_cast<double>(i * 389 % n) / 128 - 4);
  }
  for (auto _ : state) {
    benchmark::DoNotOptimize(ComputeRowMoments(x.data(), n));
  }
  SetItems(state, static_cast<double>(n));
  state.SetLabel(KernelTarget());
}

void Widths(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgName("n");
  for (int n : {64, 256, 1024, 4096}) benchmark->Arg(n);
}

BENCHMARK(BM_RowMoments<float>)->Name("Moments/row/float")->Apply(Widths);
BENCHMARK(BM_RowMoments<double>)->Name("Moments/row/double")->Apply(Widths);

}  // namespace
}  // namespace initscope
