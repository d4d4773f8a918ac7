#include "engine/passes.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "engine/batch_source.h"
#include "engine/sharing.h"
#include "random/variates.h"
#include "spec/run_id.h"

namespace initscope {
namespace {

// The standard deviation of a layer's biases.
double BiasScale(const RunSpec& run, size_t l) {
  if (run.bias_init == BiasInit::kNormal) return run.bias_std;
  return 1 / std::sqrt(3 * static_cast<double>(run.layers[l].fan_in));
}

}  // namespace

template <typename T>
std::vector<T> DrawBias(const RunSpec& run, size_t l) {
  const double scale = BiasScale(run, l);
  if (scale == 0) return {};
  Matrix<double> draw(1, run.layers[l].fan_out);
  FillVariates(run.bias_init == BiasInit::kNormal ? VariateLaw::kNormal
                                                  : VariateLaw::kUniform,
               {run.seed, Stream::kBiases, static_cast<uint32_t>(l)}, 0, 0,
               draw.view());
  std::vector<T> bias(draw.cols());
  for (size_t j = 0; j < bias.size(); ++j) {
    bias[j] = static_cast<T>(scale * draw(0, j));
  }
  return bias;
}

template <typename T>
void DrawInputs(const RunSpec& run, size_t index, Jobs jobs,
                Inputs<T>* inputs) {
  // Before x, which would leave a gap in the memory of tensors.
  inputs->x.Resize(run.batch, run.inputs());
  ScaledMatrix<T> x;
  FillInputs(run, index, jobs, &x);
  Measure(x, 1, &inputs->x);
}

template <typename T>
ForwardPass<T>::ForwardPass(const RunSpec& run,
                            const NetworkWeights<T>& weights,
                            PassTensors<T>* tensors)
    : run_(run),
      weights_(weights),
      tensors_(*tensors),
      scale_free_(weights[0]->bias() == nullptr && IsHomogeneous(run)),
      scale_(run.depth(), 1.0),
      rows_(run.depth() + 1) {
  tensors_.x.resize(run.depth());
  tensors_.slope.resize(run.depth());
  for (size_t l = 0; l < run.depth() && !scale_free_; ++l) {
    if (weights[l]->bias() == nullptr) scale_[l] = run.Scale(l);
  }
}

template <typename T>
void ForwardPass<T>::Record(bool on) {
  record_ = on;
  rows_.assign(run_.depth() + 1, {});
}

template <typename T>
void ForwardPass<T>::BeginBatch(size_t index, const Inputs<T>* inputs) {
  batch_ = index;
  inputs_ = inputs;
  if (record_) rows_[0].AddInput(inputs->x);
}

template <typename T>
ProductJob<T> ForwardPass<T>::Product(size_t l) {
  tensors_.z.Resize(run_.batch, run_.layers[l].fan_out);
  return {&x(l), &tensors_.z};
}

template <typename T>
void ForwardPass<T>::Finish(size_t l, Jobs jobs) {
  const std::vector<T>* const own_bias = weights_[l]->bias();
  if (own_bias == nullptr && run_.init->data_dependent && batch_ == 0) {
    FindScale(l);
  }
  layer_.activation = run_.layers[l].activation;
  const bool is_output = layer_.activation == nullptr;
  layer_.scale = scale_[l];
  layer_.bias = own_bias == nullptr ? DrawBias<T>(run_, l) : *own_bias;
  layer_.x = &x(l);
  layer_.z = &tensors_.z;
  layer_.next = is_output ? nullptr : &tensors_.x[l + 1];
  layer_.slope = is_output ? nullptr : &tensors_.slope[l + 1];
  layer_.Prepare();
  ParallelFor(tensors_.z.panels(), jobs,
              [&](size_t p) { FinishForward(&layer_, p); });
  if (record_) rows_[l + 1].Add(layer_, jobs);
}

template <typename T>
void ForwardPass<T>::FindScale(size_t l) {
  ScaledMatrix<T> product;
  Unpack(z(), &product);
  product.exponent = x(l).exponent;
  Moments moments;
  moments.Add(product);
  const ScaledDouble variance = moments.Variance();  // its exponent is even
  const ScaledDouble scale = {run_.gain / std::sqrt(variance.value),
                              -variance.exponent / 2};
  if (!(variance.value > 0) || !std::isfinite(scale.ToDouble())) {
    RefuseRun(run_, fmt::format("lsuv cannot scale layer {}: the variance "
                                "of X_{} W_{} is {}; choose another init or "
                                "input",
                                l + 1, l, l, variance.ToDouble()));
  }
  scale_[l] = scale.ToDouble();
}

template <typename T>
void BackwardPass<T>::Record(bool on) {
  record_ = on;
  rows_.assign(run_.depth() + 1, {});
}

template <typename T>
void BackwardPass<T>::MeasureDelta(size_t l, Jobs jobs) {
  if (start_ != nullptr && l == run_.depth()) {
    start_->Add(batch_, delta_, forward_->z());
  }
  if (record_) {
    rows_[l].AddDelta(delta_, jobs, &bias_gradient_);
  } else {
    SumBiasGradient(delta_, jobs, &bias_gradient_);
  }
}

template <typename T>
void BackwardPass<T>::Begin(const ScaledMatrix<T>& delta, size_t index,
                            Jobs jobs) {
  batch_ = index;
  Measure(delta, jobs, &delta_);
  MeasureDelta(run_.depth(), jobs);
}

template <typename T>
void BackwardPass<T>::MeasureGradients(size_t l, Jobs jobs,
                                       GradientScratch<T>* scratch) {
  if (!record_) return;
  AddWeightGradient(forward_->x(l), delta_, jobs, scratch,
                    &rows_[l + 1].weight_gradient);
  rows_[l + 1].bias_gradient.Add(bias_gradient_);
}

template <typename T>
ProductJob<T> BackwardPass<T>::Product(size_t l) {
  next_.Resize(run_.batch, run_.layers[l].fan_in);
  return {&delta_, &next_};
}

template <typename T>
void BackwardPass<T>::Finish(size_t l, Jobs jobs) {
  layer_.scale = scale_free_ ? 1 : forward_->WeightScale(run_, l);
  layer_.delta = &delta_;
  layer_.slope = l > 0 ? &forward_->slope(l) : nullptr;
  layer_.out = &next_;
  ParallelFor(next_.panels(), jobs,
              [&](size_t p) { FinishBackward(&layer_, p); });
  std::swap(delta_, next_);
  MeasureDelta(l, jobs);
}

template void DrawInputs(const RunSpec&, size_t, Jobs, Inputs<float>*);
template void DrawInputs(const RunSpec&, size_t, Jobs, Inputs<double>*);
template std::vector<float> DrawBias(const RunSpec&, size_t);
template std::vector<double> DrawBias(const RunSpec&, size_t);
template class ForwardPass<float>;
template class ForwardPass<double>;
template class BackwardPass<float>;
template class BackwardPass<double>;

}  // namespace initscope
