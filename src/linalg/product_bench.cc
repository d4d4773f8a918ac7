// The three products, in FLOP/s.

#include "linalg/product_bench.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "base/flop_rate_bench.h"
#include "base/kernel_target.h"
#include "linalg/product.h"

namespace initscope {
namespace {

// Numbers that look random: constant ones would draw less power.
void Fill(Matrix<float>* matrix) {
  uint32_t state = 1;
  for (size_t i = 0; i < matrix->size(); ++i) {
    state = state * 1664525u + 1013904223u;
    matrix->data()[i] = static_cast<float>(state >> 8) * 0x1p-23f - 1.0f;
  }
}

// Whether entry (i, j) is right to the rounding of n sums in float, in any
// order: n·eps·Σ|a||b|.
bool IsRight(const ProductOperands& p, size_t i, size_t j) {
  double sum = 0, magnitude = 0;
  for (size_t k = 0; k < p.b.rows(); ++k) {
    const double term = double{p.a(i, k)} * p.b(k, j);
    sum += term;
    magnitude += std::abs(term);
  }
  const double n = static_cast<double>(p.b.rows());
  const double epsilon = std::numeric_limits<float>::epsilon();
  return std::abs(p.out(i, j) - sum) <= n * epsilon * magnitude;
}

void BM_Packed(benchmark::State& state) {
  ProductOperands p(state);
  Multiply<float>(p.a.view(), p.b.view(), p.out.view());
  for (auto _ : state) {
    Multiply<float>(p.a.view(), p.b.view(), p.out.view());
    benchmark::ClobberMemory();
  }
  FinishProduct(state, p);
  state.SetLabel(KernelTarget());
}

template <typename T>
using Product = void (*)(ConstMatrixView<T>, ConstMatrixView<T>, MatrixView<T>);

// batch × n by n × n, or for the weight gradient (batch × n)ᵀ by batch × n.
template <typename T, Product<T> product, bool weight_gradient>
void BM_Other(benchmark::State& state) {
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
  SetFlops<T>(state, 2.0 * static_cast<double>(batch * n * n));
  state.SetLabel(KernelTarget());
}

void Shapes(benchmark::internal::Benchmark* b) {
  b->ArgNames({"batch", "n"});
  for (int n : {64, 128, 256, 512, 1024}) b->Args({256, n});
}

BENCHMARK(BM_Packed)->Name("Product/packed")->Apply(ProductShapes);
BENCHMARK(BM_Other<float, MultiplyTransposed<float>, false>)
    ->Name("MultiplyTransposed/float")
    ->Apply(Shapes);
BENCHMARK(BM_Other<float, TransposedMultiply<float>, true>)
    ->Name("TransposedMultiply/float")
    ->Apply(Shapes);
BENCHMARK(BM_Other<double, Multiply<double>, false>)
    ->Name("Multiply/double")
    ->Apply(Shapes);

}  // namespace

ProductOperands::ProductOperands(const benchmark::State& state) {
  const auto batch = static_cast<size_t>(state.range(0));
  const auto n = static_cast<size_t>(state.range(1));
  a.Resize(batch, n);
  b.Resize(n, n);
  out.Resize(batch, n);
  Fill(&a);
  Fill(&b);
  std::fill_n(out.data(), out.size(), std::nanf(""));
}

void ProductShapes(benchmark::internal::Benchmark* benchmark) {
  SmallProductShapes(benchmark);
  for (int n : {512, 1024, 2048, 4096}) benchmark->Args({256, n});
  for (int batch : {16, 64, 1024, 2048}) benchmark->Args({batch, 1024});
}

void SmallProductShapes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"batch", "n"});
  for (int n : {64, 128, 256}) benchmark->Args({256, n});
}

void FinishProduct(benchmark::State& state, const ProductOperands& operands) {
  const Matrix<float>& out = operands.out;
  // Some 60 of the entries, the last one among them.
  const size_t step = std::max<size_t>(1, out.size() / 61);
  for (size_t left = out.size(); left > 0; left -= std::min(left, step)) {
    const size_t i = (left - 1) / out.cols(), j = (left - 1) % out.cols();
    if (!IsRight(operands, i, j)) {
      const std::string message =
          "wrong at row " + std::to_string(i) + ", column " + std::to_string(j);
      state.SkipWithError(message.c_str());
      return;
    }
  }
  const double flops = 2.0 * static_cast<double>(out.size() * out.cols());
  const double entries =
      static_cast<double>(operands.a.size() + operands.b.size() + out.size());
  SetFlops(state, flops, entries * sizeof(float));
}

}  // namespace initscope
