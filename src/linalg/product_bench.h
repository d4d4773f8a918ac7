// What all benchmarks of the product of a layer share, so that every kernel
// does the same work: batch × n by n × n in float, single-threaded.
//
// A benchmark is named Product/<kernel>/batch:<batch>/n:<n>; its label says
// which code the kernel chose for this machine.
#pragma once

#include "base/matrix.h"

// Google Benchmark's header is for *_bench.cc files.
namespace benchmark {
class State;
namespace internal {
class Benchmark;
}  // namespace internal
}  // namespace benchmark

namespace initscope {

// The operands of one benchmark, filled with numbers in [−1, 1).
struct ProductOperands {
  explicit ProductOperands(const benchmark::State& state);

  Matrix<float> a, b;  // batch × n, n × n
  Matrix<float> out;   // batch × n, NaN
};

// Arguments batch and n. Layers: n = 64 … 4096 at batch 256, batch 16 … 2048 at
// n = 1024; products: also n = 128 … 4096 at batch 512 … 2048; the small ones,
// for what is slow: n = 64 … 256 at batch 256.
void LayerShapes(benchmark::internal::Benchmark* benchmark);
void ProductShapes(benchmark::internal::Benchmark* benchmark);
void SmallProductShapes(benchmark::internal::Benchmark* benchmark);

// Call after the loop: checks entries of `out` against sums in double, reports
// an error of the benchmark if they differ, and sets the counters.
void FinishProduct(benchmark::State& state, const ProductOperands& operands);

}  // namespace initscope
