// Random variates: nanoseconds per item, and the standard library's for
// comparison.

#include <benchmark/benchmark.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/flop_rate_bench.h"
#include "base/kernel_target.h"
#include "random/variates.h"

namespace initscope {
namespace {

template <typename T>
void BM_FillVariates(benchmark::State& state, VariateLaw law) {
  Matrix<T> out(static_cast<size_t>(state.range(0)),
                static_cast<size_t>(state.range(1)));
  uint32_t row = 0;
  for (auto _ : state) {
    FillVariates(law, {1}, row, 0, out.view());
    row += 8;  // never the same words: branches must not be learnt
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  SetItems(state, static_cast<double>(out.size()));
  state.SetLabel(KernelTarget());
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
  SetItems(state, static_cast<double>(out.size()));
}

// The block of a streamed layer, a long row, the last layer of a classifier.
void Blocks(benchmark::internal::Benchmark* b) {
  b->ArgNames({"rows", "cols"})->Args({8, 192})->Args({1, 65536})->Args({1, 5});
}

const bool variates_registered = [] {
  for (const auto& [law, name] :
       {std::pair(VariateLaw::kNormal, "normal"),
        std::pair(VariateLaw::kUniform, "uniform"),
        std::pair(VariateLaw::kTruncatedNormal, "truncated_normal")}) {
    const std::string family = std::string("Variates/") + name;
    benchmark::RegisterBenchmark((family + "/float").c_str(),
                                 BM_FillVariates<float>, law)
        ->Apply(Blocks);
    benchmark::RegisterBenchmark((family + "/double").c_str(),
                                 BM_FillVariates<double>, law)
        ->Apply(Blocks);
  }
  return true;
}();
BENCHMARK(BM_StandardLibraryNormal)->Name("Variates/standard_library_normal");

}  // namespace
}  // namespace initscope
