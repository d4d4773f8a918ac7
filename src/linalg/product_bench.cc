// The products of packed operands, in FLOP/s.

#include "linalg/product_bench.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "base/flop_rate_bench.h"
#include "base/kernel_target.h"
#include "linalg/packed_product.h"
#include "linalg/transposed_product.h"

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

// Whether entry (i, j) is accurate to the rounding of n sums in float, in any
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

PackedBatch<float> Packed(const Matrix<float>& from) {
  ScaledMatrix<float> plain;
  plain.Resize(from.rows(), from.cols());
  std::copy_n(from.data(), from.size(), plain.mantissa.data());
  PackedBatch<float> packed;
  Pack(plain, &packed);
  return packed;
}

PackedWeights<float> PackedMatrix(const Matrix<float>& from) {
  PackedWeights<float> w;
  w.Resize(from.rows(), from.cols());
  w.SetRows(0, from.view());
  return w;
}

// Both operands and the result are packed, as they are throughout a network.
void BM_Packed(benchmark::State& state) {
  ProductOperands p(state);
  const PackedBatch<float> x = Packed(p.a);
  PackedWeights<float> w = PackedMatrix(p.b);
  PackedBatch<float> out;
  out.Resize(p.out.rows(), p.out.cols());
  const ProductJob<float> product = {&x, &out};
  for (auto _ : state) {
    MultiplyAll<float>(&w, {&product, 1}, 1);
    benchmark::ClobberMemory();
  }
  for (size_t i = 0; i < p.out.rows(); ++i) CopySample(out, i, p.out.row(i));
  FinishProduct(state, p);
  state.SetLabel(KernelTarget());
}

void BM_Transposed(benchmark::State& state) {
  const ProductOperands p(state);
  const PackedBatch<float> d = Packed(p.a);
  PackedWeights<float> w = PackedMatrix(p.b);
  PackedBatch<float> out;
  out.Resize(p.out.rows(), p.out.cols());
  const ProductJob<float> product = {&d, &out};
  for (auto _ : state) {
    MultiplyTransposedAll<float>(&w, {&product, 1}, 1);
    benchmark::ClobberMemory();
  }
  SetFlops(state, 2.0 * static_cast<double>(p.out.size() * p.out.cols()));
  state.SetLabel(KernelTarget());
}

// One symmetric Gram matrix, batch × batch: the tiles on and above its
// diagonal. Only the flops of that half are counted.
void BM_Gram(benchmark::State& state) {
  const ProductOperands p(state);
  const PackedBatch<float> x = Packed(p.a);
  std::vector<double> row(x.panels() * x.width() * x.width());
  for (auto _ : state) {
    for (size_t i = 0; i < x.panels(); ++i) {
      GramTiles(x, i, x, i, x.panels(), row.data());
    }
    benchmark::ClobberMemory();
  }
  const double batch = static_cast<double>(x.samples());
  SetFlops(state, batch * batch * static_cast<double>(x.units()));
  state.SetLabel(KernelTarget());
}

// (batch × n)ᵀ by batch × n.
void BM_WeightGradient(benchmark::State& state) {
  const ProductOperands p(state);
  const PackedBatch<float> x = Packed(p.a);
  Matrix<float> out(x.units(), x.units());
  PackedBatch<float> transposed;
  for (auto _ : state) {
    Transpose(x, &transposed);
    TransposedMultiply(x, 0, transposed, out.view());
    benchmark::ClobberMemory();
  }
  SetFlops(state, 2.0 * static_cast<double>(p.out.size() * p.out.cols()));
  state.SetLabel(KernelTarget());
}

BENCHMARK(BM_Packed)->Name("Product/packed")->Apply(ProductShapes);
BENCHMARK(BM_Transposed)->Name("ProductTransposed")->Apply(LayerShapes);
BENCHMARK(BM_Gram)->Name("Gram")->Apply(LayerShapes);
BENCHMARK(BM_WeightGradient)->Name("WeightGradient/formed")->Apply(LayerShapes);

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
  LayerShapes(benchmark);
  for (int batch : {512, 1024, 2048}) {
    for (int n : {128, 256, 512, 1024, 2048, 4096}) {
      if (n != 1024 || batch == 512) benchmark->Args({batch, n});
    }
  }
}

void LayerShapes(benchmark::internal::Benchmark* benchmark) {
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
