#include "sim/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <optional>

#include "base/denormals.h"
#include "base/error.h"
#include "nn/propagation.h"
#include "nn/unit_weights.h"
#include "random/variates.h"
#include "sim/batch_source.h"
#include "sim/run_id.h"
#include "sim/statistics.h"

namespace initscope {
namespace {

// U of every layer is kept between the passes up to this; beyond it each pass
// draws anew. A constant: what is computed must not depend on the machine.
constexpr double kWeightCacheBytes = 1u << 30;

double UnitWeightBytes(const RunSpec& run) {
  const UnitLaw law = run.init->law;
  if (law == UnitLaw::kZero || law == UnitLaw::kConstant) return 0;
  const double entry = run.precision == Precision::kFloat32 ? 4 : 8;
  double entries = 0;
  for (size_t l = 0; l < run.depth(); ++l) {
    entries += static_cast<double>(run.widths[l]) *
               static_cast<double>(run.widths[l + 1]);
  }
  return entries * entry;
}

double LargestWeightBytes(const RunSpec& run) {
  double largest = 0;
  for (size_t l = 0; l < run.depth(); ++l) {
    largest = std::max(largest, static_cast<double>(run.widths[l]) *
                                    static_cast<double>(run.widths[l + 1]));
  }
  return largest * (run.precision == Precision::kFloat32 ? 4 : 8);
}

bool KeepsWeights(const RunSpec& run) {
  return UnitWeightBytes(run) <= kWeightCacheBytes;
}

// The draws of a bundle, layer by layer.
template <typename T>
class WeightSource {
 public:
  explicit WeightSource(const RunSpec& run)
      : run_(run), kept_(KeepsWeights(run) ? run.depth() : 1) {}

  const UnitWeights<T>& Layer(size_t l) {
    std::optional<UnitWeights<T>>& slot = kept_[kept_.size() > 1 ? l : 0];
    if (!slot || (kept_.size() == 1 && held_ != l)) {
      if (!slot) slot.emplace();
      slot->Draw(run_.init->law, run_.seed, l, run_.widths[l],
                 run_.widths[l + 1]);
      held_ = l;
    }
    return *slot;
  }

 private:
  const RunSpec& run_;
  std::vector<std::optional<UnitWeights<T>>> kept_;
  size_t held_ = 0;
};

// The standard deviation of the biases of a layer, and their law.
double BiasScale(const RunSpec& run, size_t l) {
  if (run.bias_init == BiasInit::kNormal) return run.bias_std;
  return 1 / std::sqrt(3 * static_cast<double>(run.widths[l]));
}

template <typename T>
std::vector<T> DrawBias(const RunSpec& run, size_t l) {
  const double scale = BiasScale(run, l);
  if (scale == 0) return {};
  Matrix<double> draw(1, run.widths[l + 1]);
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

// One run of a bundle: what it holds between the passes, and its statistics.
template <typename T>
class RunState {
 public:
  RunState(const RunSpec& run, TensorObserver* observer)
      : run_(run),
        observer_(observer),
        x_(run.depth() + 1),
        slope_(run.depth()),
        scale_(run.depth()),
        rows_(run.depth() + 1) {
    for (size_t l = 0; l < run.depth(); ++l) {
      scale_[l] =
          run.gain * run.init->scale(static_cast<double>(run.widths[l]),
                                     static_cast<double>(run.widths[l + 1]));
    }
  }

  void BeginBatch(size_t index) {
    batch_ = index;
    FillInputs(run_, index, &x_[0]);
    rows_[0].AddActivation(x_[0]);
    Show("X", 0, x_[0]);
  }

  // Layer l: X_l → Z_{l+1}, X_{l+1}, f'(Z_{l+1}).
  void Forward(size_t l, const UnitWeights<T>& weights,
               const Moments& weight_moments) {
    if (run_.init->data_dependent && batch_ == 0) FindScale(l, weights);
    const std::vector<T> bias = DrawBias<T>(run_, l);
    ForwardLinear(weights, scale_[l], bias, x_[l], &z_);
    RowStatistics& row = rows_[l + 1];
    if (batch_ == 0) row.SetWeights(weight_moments, scale_[l]);
    row.AddPreActivation(z_);
    if (l + 1 < run_.depth()) {
      ApplyActivation(*run_.activation, z_, &x_[l + 1], &slope_[l + 1]);
      row.AddSlope(*run_.activation, slope_[l + 1]);
      row.AddActivation(x_[l + 1]);
    } else {
      row.AddActivation(z_);
    }
    if (observer_ != nullptr) {
      ShowWeights(l, weights, bias);
      Show("Z", l + 1, z_);
      Show("X", l + 1, l + 1 < run_.depth() ? x_[l + 1] : z_);
    }
  }

  // The loss of the batch, and delta_L.
  void Head(RunResult* result) {
    const Matrix<double> targets = MakeTargets(run_, batch_);
    const size_t outputs = run_.widths.back();
    delta_.Resize(run_.batch, outputs);
    std::vector<double> logits(outputs), delta(outputs);
    LossRow sum;
    for (size_t i = 0; i < run_.batch; ++i) {
      std::copy_n(z_.mantissa.row(i), outputs, logits.data());
      const LossRow row = run_.loss->row(
          {logits.data(), z_.exponent[i], targets.row(i), outputs, run_.batch},
          delta.data(), &delta_.exponent[i]);
      sum.value += row.value;
      sum.label_entropy += row.label_entropy;
      sum.cross_entropy += row.cross_entropy;
      sum.kl_divergence += row.kl_divergence;
      NormalizeRow(delta.data(), outputs, &delta_.exponent[i]);
      std::copy_n(delta.data(), outputs, delta_.mantissa.row(i));
      NormalizeRow(delta_.mantissa.row(i), outputs, &delta_.exponent[i]);
    }
    const double batches = static_cast<double>(run_.batches);
    const double samples = static_cast<double>(run_.batch) * batches;
    result->loss_value += sum.value / batches;
    result->label_entropy += sum.label_entropy / samples;
    result->cross_entropy += sum.cross_entropy / samples;
    result->kl_divergence += sum.kl_divergence / samples;
    rows_[run_.depth()].AddDelta(delta_);
    if (observer_ != nullptr) {
      ShowTargets(targets);
      Show("delta", run_.depth(), delta_);
    }
  }

  // Layer l: delta_{l+1} → dW_l, db_l, delta_l.
  void Backward(size_t l, const UnitWeights<T>& weights) {
    RowStatistics& row = rows_[l + 1];
    WeightGradient(x_[l], delta_, &weight_gradient_);
    row.AddWeightGradient(weight_gradient_);
    BiasGradient(delta_, &bias_gradient_);
    row.AddBiasGradient(bias_gradient_);
    Show("dW", l, weight_gradient_);
    if (observer_ != nullptr) observer_->Observe("db", l, bias_gradient_);
    BackwardLinear(weights, scale_[l], delta_, l > 0 ? &slope_[l] : nullptr,
                   &next_delta_);
    std::swap(delta_, next_delta_);
    rows_[l].AddDelta(delta_);
    Show("delta", l, delta_);
  }

  void Finish(RunResult* result) const {
    const auto columns = StatisticColumns();
    result->statistics.reserve(rows_.size() * columns.size());
    for (size_t l = 0; l < rows_.size(); ++l) {
      for (const StatisticColumn& column : columns) {
        result->statistics.push_back(column.Value(rows_[l]));
      }
      if (result->first_non_finite_layer < 0 &&
          rows_[l].pre_activation.non_finite() + rows_[l].delta.non_finite() >
              0) {
        result->first_non_finite_layer = static_cast<int64_t>(l);
      }
    }
    result->complete = true;
  }

 private:
  void Show(std::string_view name, size_t layer,
            const ScaledMatrix<T>& tensor) {
    if (observer_ != nullptr) observer_->Observe(name, layer, tensor);
  }

  void ShowWeights(size_t l, const UnitWeights<T>& weights,
                   const std::vector<T>& bias) {
    ScaledMatrix<T> w, b;
    w.Resize(weights.fan_in(), weights.fan_out());
    for (size_t i = 0; i < w.rows(); ++i) {
      for (size_t j = 0; j < w.cols(); ++j) {
        w.mantissa(i, j) = static_cast<T>(scale_[l] * weights(i, j));
      }
    }
    observer_->Observe("W", l, w);
    b.Resize(1, weights.fan_out());
    for (size_t j = 0; j < b.cols(); ++j) {
      b.mantissa(0, j) = bias.empty() ? T{0} : bias[j];
    }
    observer_->Observe("b", l, b);
  }

  void ShowTargets(const Matrix<double>& targets) {
    ScaledMatrix<T> y;
    y.Resize(targets.rows(), targets.cols());
    for (size_t i = 0; i < targets.size(); ++i) {
      y.mantissa.data()[i] = static_cast<T>(targets.data()[i]);
    }
    observer_->Observe("target", 0, y);
  }

  // lsuv: the scale that gives X_l W_l of the first batch the variance gain².
  void FindScale(size_t l, const UnitWeights<T>& weights) {
    ForwardLinear(weights, 1.0, {}, x_[l], &z_);
    Moments moments;
    moments.Add(z_);
    const double variance = moments.Variance().ToDouble();
    if (!(variance > 0) || !std::isfinite(variance)) {
      throw UserError(
          ExitCode::kUsage,
          fmt::format("run {} ({}): lsuv cannot scale layer {}: the variance "
                      "of X_{} W_{} is {}; choose another init or input",
                      RunIdHex(run_.run_id), run_.Title(), l + 1, l, l,
                      variance));
    }
    scale_[l] = run_.gain / std::sqrt(variance);
  }

  const RunSpec& run_;
  TensorObserver* observer_;
  size_t batch_ = 0;
  std::vector<ScaledMatrix<T>> x_;      // X_0 … X_{L−1}
  std::vector<ScaledMatrix<T>> slope_;  // f'(Z_1) … f'(Z_{L−1})
  std::vector<double> scale_;           // of U, per layer
  std::vector<RowStatistics> rows_;
  ScaledMatrix<T> z_, delta_, next_delta_, weight_gradient_;
  ScaledMatrix<double> bias_gradient_;
};

template <typename T>
void Simulate(const std::vector<const RunSpec*>& runs,
              const EngineOptions& options,
              const std::vector<RunResult*>& results) {
  const RunSpec& first = *runs[0];
  const auto begin = std::chrono::steady_clock::now();
  const auto checkpoint = [&] {
    if (options.stop != nullptr && *options.stop) throw Interrupted();
  };
  size_t most_batches = 0;
  std::vector<RunState<T>> states;
  states.reserve(runs.size());
  for (const RunSpec* run : runs) {
    states.emplace_back(*run, options.observer);
    most_batches = std::max(most_batches, run->batches);
  }
  WeightSource<T> source(first);
  for (size_t batch = 0; batch < most_batches; ++batch) {
    std::vector<size_t> active;
    for (size_t i = 0; i < runs.size(); ++i) {
      if (batch < runs[i]->batches) active.push_back(i);
    }
    for (size_t i : active) states[i].BeginBatch(batch);
    for (size_t l = 0; l < first.depth(); ++l) {
      const UnitWeights<T>& weights = source.Layer(l);
      Moments moments;
      if (batch == 0) moments = weights.EntryMoments();
      for (size_t i : active) {
        checkpoint();
        states[i].Forward(l, weights, moments);
        if (l + 1 == first.depth()) states[i].Head(results[i]);
      }
    }
    for (size_t l = first.depth(); l-- > 0;) {
      const UnitWeights<T>& weights = source.Layer(l);
      for (size_t i : active) {
        checkpoint();
        states[i].Backward(l, weights);
      }
    }
  }
  const std::chrono::duration<double> spent =
      std::chrono::steady_clock::now() - begin;
  for (size_t i = 0; i < runs.size(); ++i) {
    states[i].Finish(results[i]);
    results[i]->wall_seconds = spent.count() / static_cast<double>(runs.size());
  }
}

}  // namespace

void SimulateBundle(const std::vector<const RunSpec*>& runs,
                    const EngineOptions& options,
                    const std::vector<RunResult*>& results) {
  INITSCOPE_CHECK(!runs.empty() && runs.size() == results.size());
  const FlushDenormals flush;  // whoever calls, so that all get the same bits
  if (runs[0]->precision == Precision::kFloat32) {
    Simulate<float>(runs, options, results);
  } else {
    Simulate<double>(runs, options, results);
  }
}

double RunMemory(const RunSpec& run) {
  const double entry = run.precision == Precision::kFloat32 ? 4 : 8;
  const double batch = static_cast<double>(run.batch);
  double widths = 0, widest = 0;
  for (size_t width : run.widths) {
    widths += static_cast<double>(width);
    widest = std::max(widest, static_cast<double>(width));
  }
  const double columns = static_cast<double>(StatisticColumns().size());
  const double tensors = batch * (2 * widths + 3 * widest) * entry;
  const double exponents = 16 * batch * static_cast<double>(run.depth() + 1);
  const double statistics = static_cast<double>(run.depth() + 1) *
                                (sizeof(RowStatistics) + 8 * columns) +
                            9 * widths;
  return tensors + exponents + statistics + LargestWeightBytes(run);
}

double BundleMemory(const RunSpec& run, double runs) {
  double weights =
      KeepsWeights(run) ? UnitWeightBytes(run) : LargestWeightBytes(run);
  // The QR holds the draw, its copy, the factors and Q, all in double.
  if (run.init->law == UnitLaw::kOrthogonal) {
    const bool is_float = run.precision == Precision::kFloat32;
    weights += LargestWeightBytes(run) * 4 * (is_float ? 2 : 1);
  }
  return weights + runs * RunMemory(run);
}

double RunFlops(const RunSpec& run) {
  double flops = 0;
  for (size_t l = 0; l < run.depth(); ++l) {
    const double product = 2 * static_cast<double>(run.batch) *
                           static_cast<double>(run.widths[l]) *
                           static_cast<double>(run.widths[l + 1]);
    const bool multiplies =
        run.init->law != UnitLaw::kZero && run.init->law != UnitLaw::kConstant;
    // Forward, backward, and the weight gradient.
    flops += product * (multiplies ? 3 : 1);
  }
  flops *= static_cast<double>(run.batches);
  if (run.init->data_dependent) flops += flops / 3;  // the search for scales
  return flops;
}

double DrawFlops(const RunSpec& run) {
  if (run.init->law != UnitLaw::kOrthogonal) return 0;
  // Householder QR and the forming of Q, 2mn² − 2n³/3 each (Golub & Van Loan,
  // section 5.2), in double: half the rate of float.
  double flops = 0;
  for (size_t l = 0; l < run.depth(); ++l) {
    const double m =
        static_cast<double>(std::max(run.widths[l], run.widths[l + 1]));
    const double n =
        static_cast<double>(std::min(run.widths[l], run.widths[l + 1]));
    flops += 2 * 2 * (2 * m * n * n - 2 * n * n * n / 3);
  }
  return flops;
}

}  // namespace initscope
