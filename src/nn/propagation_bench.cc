// Whole layers as a sweep has them: weights drawn once for kBundleRuns runs,
// the products, and all that is measured on the way.

#include <benchmark/benchmark.h>

#include <cmath>
#include <string>
#include <vector>

#include "base/flop_rate_bench.h"
#include "base/kernel_target.h"
#include "nn/trained_weights.h"
#include "nn/unit_weights.h"
#include "nn/weight_gradient.h"
#include "random/variates.h"

namespace initscope {
namespace {

constexpr size_t kBundleRuns = 9;

MeasuredBatch<float> Draw(size_t batch, size_t units, uint32_t layer) {
  ScaledMatrix<float> plain;
  plain.Resize(batch, units);
  FillVariates(VariateLaw::kNormal, {1, Stream::kInputs, layer}, 0, 0,
               plain.mantissa.view());
  MeasuredBatch<float> drawn;
  Measure(plain, 1, &drawn);
  return drawn;
}

struct Shape {
  explicit Shape(const benchmark::State& state)
      : batch(static_cast<size_t>(state.range(0))),
        n(static_cast<size_t>(state.range(1))) {}
  // Of the products of all runs.
  double flops() const {
    return 2.0 * static_cast<double>(kBundleRuns * batch * n * n);
  }
  size_t batch, n;
};

// U is drawn in every iteration.
void BM_Forward(benchmark::State& state, const Activation& activation) {
  const Shape shape(state);
  const PackedBatch<float> x = Draw(shape.batch, shape.n, 0);
  std::vector<MeasuredBatch<float>> z(kBundleRuns), next(kBundleRuns);
  std::vector<PackedBatch<float>> slope(kBundleRuns);
  std::vector<ForwardLayer<float>> layers(kBundleRuns);
  std::vector<ProductJob<float>> products;
  for (size_t r = 0; r < kBundleRuns; ++r) {
    layers[r].activation = &activation;
    layers[r].scale = 1 / std::sqrt(static_cast<double>(shape.n));
    layers[r].x = &x;
    layers[r].z = &z[r];
    layers[r].next = &next[r];
    layers[r].slope = &slope[r];
    products.push_back({&x, &z[r]});
  }
  for (auto _ : state) {
    UnitWeights<float> weights(UnitLaw::kNormal, 1, 0, shape.n, shape.n, true);
    for (MeasuredBatch<float>& product : z)
      product.Resize(shape.batch, shape.n);
    weights.Forward(products, 1);
    for (ForwardLayer<float>& layer : layers) {
      layer.Prepare();
      for (size_t p = 0; p < x.panels(); ++p) FinishForward(&layer, p);
    }
    benchmark::ClobberMemory();
  }
  SetFlops(state, shape.flops());
  SetItems(state, kBundleRuns);
  state.SetLabel(KernelTarget());
}

// U is there from the forward pass.
void BM_Backward(benchmark::State& state, const Activation& activation) {
  const Shape shape(state);
  const PackedBatch<float> delta = Draw(shape.batch, shape.n, 0);
  PackedBatch<float> slope = Draw(shape.batch, shape.n, 1);
  for (size_t p = 0; p < slope.panels(); ++p) {
    float* entries = slope.panel(p);
    activation.Apply(entries, slope.units() * slope.width(), entries, entries);
  }
  std::vector<MeasuredBatch<float>> out(kBundleRuns);
  std::vector<BackwardLayer<float>> layers(kBundleRuns);
  std::vector<ProductJob<float>> products;
  for (size_t r = 0; r < kBundleRuns; ++r) {
    layers[r].scale = 1 / std::sqrt(static_cast<double>(shape.n));
    layers[r].delta = &delta;
    layers[r].slope = &slope;
    layers[r].out = &out[r];
    products.push_back({&delta, &out[r]});
  }
  UnitWeights<float> weights(UnitLaw::kNormal, 1, 0, shape.n, shape.n, true);
  for (auto _ : state) {
    for (MeasuredBatch<float>& product : out) {
      product.Resize(shape.batch, shape.n);
    }
    weights.Backward(products, 1);
    for (BackwardLayer<float>& layer : layers) {
      for (size_t p = 0; p < delta.panels(); ++p) FinishBackward(&layer, p);
    }
    benchmark::ClobberMemory();
  }
  SetFlops(state, shape.flops());
  SetItems(state, kBundleRuns);
  state.SetLabel(KernelTarget());
}

// One layer of a training step: forward, backward, dW and the step itself.
// Flops are those of its three products.
void BM_Training(benchmark::State& state) {
  const Shape shape(state);
  const Activation& f = Activations()[2];  // tanh
  const MeasuredBatch<float> x = Draw(shape.batch, shape.n, 0);
  const MeasuredBatch<float> delta = Draw(shape.batch, shape.n, 1);
  UnitWeights<float> unit(UnitLaw::kNormal, 1, 0, shape.n, shape.n, false);
  Matrix<float> start = unit.Entries();
  const float scale = 1 / std::sqrt(static_cast<float>(shape.n));
  for (size_t i = 0; i < start.size(); ++i) start.data()[i] *= scale;
  TrainedWeights<float> weights(std::move(start),
                                std::vector<float>(shape.n, 0));
  MeasuredBatch<float> z, next, out;
  PackedBatch<float> slope;
  ForwardLayer<float> forward;
  forward.activation = &f;
  forward.x = &x;
  forward.z = &z;
  forward.next = &next;
  forward.slope = &slope;
  BackwardLayer<float> backward;
  backward.delta = &delta;
  backward.slope = &slope;
  backward.out = &out;
  ScaledMatrix<double> db;
  db.Resize(1, shape.n);
  std::fill_n(db.mantissa.data(), shape.n, 0.0);
  GradientScratch<float> scratch;
  for (auto _ : state) {
    z.Resize(shape.batch, shape.n);
    const ProductJob<float> up = {&x, &z};
    weights.Forward({&up, 1}, 1);
    forward.bias = *weights.bias();
    forward.Prepare();
    for (size_t p = 0; p < x.panels(); ++p) FinishForward(&forward, p);
    out.Resize(shape.batch, shape.n);
    const ProductJob<float> down = {&delta, &out};
    weights.Backward({&down, 1}, 1);
    for (size_t p = 0; p < x.panels(); ++p) FinishBackward(&backward, p);
    weights.Descend(x, delta, db, {1e-4, 0.9, 0}, 1, &scratch);
    benchmark::ClobberMemory();
  }
  const double n = static_cast<double>(shape.n);
  SetFlops(state, 6 * static_cast<double>(shape.batch) * n * n);
  state.SetLabel(KernelTarget());
}

// The moments of dW without forming it. Flops are those of two symmetric Gram
// matrices, or of the product where that is cheaper.
void BM_WeightGradientMoments(benchmark::State& state) {
  const Shape shape(state);
  const MeasuredBatch<float> x = Draw(shape.batch, shape.n, 0);
  const MeasuredBatch<float> delta = Draw(shape.batch, shape.n, 1);
  GradientScratch<float> scratch;
  for (auto _ : state) {
    Moments moments;
    AddWeightGradient(x, delta, 1, &scratch, &moments);
    benchmark::DoNotOptimize(moments);
  }
  const double n = static_cast<double>(shape.n);
  SetFlops(state, WeightGradientFlops(static_cast<double>(shape.batch), n, n));
  state.SetLabel(KernelTarget());
}

void Shapes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"batch", "n"});
  for (int n : {64, 128, 256, 512, 1024, 2048, 4096}) benchmark->Args({256, n});
}

BENCHMARK(BM_Training)->Name("TrainingLayer/tanh")->Apply(Shapes);
BENCHMARK(BM_WeightGradientMoments)
    ->Name("WeightGradient/moments")
    ->Apply(Shapes);

const bool layers_registered = [] {
  for (const Activation& f : Activations()) {
    for (const bool forward : {true, false}) {
      const std::string name =
          (forward ? "ForwardLayer/" : "BackwardLayer/") + std::string(f.name);
      auto* const benchmark = benchmark::RegisterBenchmark(
          name.c_str(), [&f, forward](benchmark::State& state) {
            forward ? BM_Forward(state, f) : BM_Backward(state, f);
          });
      if (f.name == "relu" || f.name == "tanh" || f.name == "sigmoid") {
        Shapes(benchmark);
      } else {
        benchmark->ArgNames({"batch", "n"})->Args({256, 512});
      }
    }
  }
  return true;
}();

}  // namespace
}  // namespace initscope
