// Each activation with its derivative, per entry.

#include <benchmark/benchmark.h>

#include <string>

#include "base/flop_rate_bench.h"
#include "base/kernel_target.h"
#include "base/matrix.h"
#include "nn/activations.h"

namespace initscope {
namespace {

// z, f(z) and f'(z) of 1024 entries stay in L1.
template <typename T>
void BM_Activation(benchmark::State& state, const Activation& activation) {
  constexpr size_t kEntries = 1024;
  Matrix<T> z(1, kEntries), a(1, kEntries), slope(1, kEntries);
  for (size_t i = 0; i < kEntries; ++i) {
    // Within ±4, in no order, as pre-activations are.
    z(0, i) = static_cast<T>(static_cast<double>(i * 389 % kEntries) / 128 - 4);
  }
  for (auto _ : state) {
    activation.Apply(z.data(), kEntries, a.data(), slope.data());
    benchmark::ClobberMemory();
  }
  SetItems(state, kEntries);
  state.SetLabel(KernelTarget());
}

template <typename T>
void Register(const Activation& activation, const char* type) {
  const std::string name =
      "Activation/" + std::string(activation.name) + "/" + type;
  benchmark::RegisterBenchmark(name.c_str(),
                               [&activation](benchmark::State& state) {
                                 BM_Activation<T>(state, activation);
                               });
}

const bool activations_registered = [] {
  for (const Activation& activation : Activations()) {
    Register<float>(activation, "float");
    Register<double>(activation, "double");
  }
  return true;
}();

}  // namespace
}  // namespace initscope
