// The three products, in FLOP/s.

#include <benchmark/benchmark.h>

#include <algorithm>

#include "linalg/product.h"

namespace initscope {
namespace {

template <typename T>
using Product = void (*)(ConstMatrixView<T>, ConstMatrixView<T>, MatrixView<T>);

// batch × n by n × n, or for the weight gradient (batch × n)ᵀ by batch × n.
template <typename T, Product<T> product, bool weight_gradient>
void BM_Product(benchmark::State& state) {
  const auto batch = static_cast<size_t>(state.range(0));
  const auto n = static_cast<size_t>(state.range(1));
  Matrix<T> a(batch, n), b(weight_gradient ? batch : n, n);
  Matrix<T> c(weight_gradient ? n : batch, n);
  std::fill_n(a.data(), a.size(), T(0.5));
  std::fill_n(b.data(), b.size(), T(0.25));
  for (auto _ : state) {
    product(a.view(), b.view(), c.view());
    benchmark::DoNotOptimize(c.data());
    benchmark::ClobberMemory();
  }
  state.counters["FLOP/s"] =
      benchmark::Counter(2.0 * static_cast<double>(batch * n * n),
                         benchmark::Counter::kIsIterationInvariantRate);
}

void Shapes(benchmark::internal::Benchmark* b) {
  b->ArgNames({"batch", "n"});
  for (int n : {64, 128, 256, 512, 1024}) b->Args({256, n});
}

BENCHMARK(BM_Product<float, Multiply<float>, false>)->Apply(Shapes);
BENCHMARK(BM_Product<float, MultiplyTransposed<float>, false>)->Apply(Shapes);
BENCHMARK(BM_Product<float, TransposedMultiply<float>, true>)->Apply(Shapes);
BENCHMARK(BM_Product<double, Multiply<double>, false>)->Apply(Shapes);

}  // namespace
}  // namespace initscope
