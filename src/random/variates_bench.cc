// Random variates: nanoseconds per item, and the standard library's for
// comparison.

#include <benchmark/benchmark.h>

#include <random>
#include <vector>

#include "random/variates.h"

namespace initscope {
namespace {

// Items per second, and the inverse, which is shown with an SI prefix (1.2n).
void CountItems(benchmark::State& state, size_t per_iteration) {
  const auto items = static_cast<int64_t>(per_iteration) * state.iterations();
  state.SetItemsProcessed(items);
  state.counters["s/item"] = benchmark::Counter(
      static_cast<double>(items),
      benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

template <typename T, VariateLaw law>
void BM_FillVariates(benchmark::State& state) {
  Matrix<T> out(static_cast<size_t>(state.range(0)),
                static_cast<size_t>(state.range(1)));
  uint32_t row = 0;
  for (auto _ : state) {
    FillVariates(law, {1}, row, 0, out.view());
    row += 8;  // never the same words: branches must not be learnt
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  CountItems(state, out.size());
}

void BM_StandardLibraryNormal(benchmark::State& state) {
  std::mt19937 generator(1);
  std::normal_distribution<float> normal;
  std::vector<float> out(8 * 192);
  for (auto _ : state) {
    for (float& x : out) x = normal(generator);
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  CountItems(state, out.size());
}

// The block of a streamed layer, a long row, the last layer of a classifier.
void Blocks(benchmark::internal::Benchmark* b) {
  b->ArgNames({"rows", "cols"})->Args({8, 192})->Args({1, 65536})->Args({1, 5});
}

BENCHMARK(BM_FillVariates<float, VariateLaw::kNormal>)->Apply(Blocks);
BENCHMARK(BM_FillVariates<float, VariateLaw::kUniform>)->Apply(Blocks);
BENCHMARK(BM_FillVariates<float, VariateLaw::kTruncatedNormal>)->Apply(Blocks);
BENCHMARK(BM_FillVariates<double, VariateLaw::kNormal>)->Apply(Blocks);
BENCHMARK(BM_FillVariates<double, VariateLaw::kUniform>)->Apply(Blocks);
BENCHMARK(BM_FillVariates<double, VariateLaw::kTruncatedNormal>)->Apply(Blocks);
BENCHMARK(BM_StandardLibraryNormal);

}  // namespace
}  // namespace initscope
