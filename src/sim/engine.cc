#include "sim/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <deque>
#include <map>
#include <set>

#include "base/denormals.h"
#include "base/error.h"
#include "base/parallel.h"
#include "nn/unit_weights.h"
#include "nn/weight_gradient.h"
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

ScaledDouble operator*(ScaledDouble a, double b) {
  int shift = 0, b_shift = 0;
  const double value = std::frexp(a.value, &shift) * std::frexp(b, &b_shift);
  return {value, a.exponent + shift + b_shift};
}

// Whether Z and X are linear in the product of all scales: then runs that
// differ in nothing else share one pass over U itself, and carry the scales as
// factors on what was measured.
bool IsHomogeneous(const RunSpec& run) {
  const bool has_bias =
      run.bias_init == BiasInit::kTorchDefault || run.bias_std != 0;
  return run.activation->homogeneous && !has_bias &&
         !run.init->data_dependent && run.gain > 0 &&
         run.init->law != UnitLaw::kZero;
}

// Whether two runs of a bundle take the same batches.
bool ShareInputs(const RunSpec& a, const RunSpec& b) {
  return a.batch == b.batch && a.batches == b.batches &&
         a.data_seed == b.data_seed && a.input_kind == b.input_kind &&
         a.samples == b.samples && a.input_variance == b.input_variance &&
         a.input_correlation == b.input_correlation;
}

bool ShareTargets(const RunSpec& a, const RunSpec& b) {
  return ShareInputs(a, b) && a.loss == b.loss &&
         a.label_smoothing == b.label_smoothing;
}

// delta is linear in delta_L, which the probe draws: runs that share the
// forward pass over U share the backward pass, too.
bool ShareBackward(const RunSpec& a, const RunSpec& b) {
  return IsHomogeneous(a) && a.loss->name == "probe" && ShareTargets(a, b);
}

template <typename T>
struct Inputs {
  const RunSpec* run;  // one that takes them
  PackedBatch<T> x;
  SampleMoments moments;
};

// The targets of one batch, for all runs that share them.
struct Targets {
  const RunSpec* run;
  Matrix<double> y;
};

// One forward pass, of one or of several runs, and what it leaves for the
// backward passes: X and f'(Z) of every layer.
template <typename T>
class ForwardPass {
 public:
  explicit ForwardPass(const RunSpec& run)
      : run_(run),
        unit_(IsHomogeneous(run)),
        scale_(run.depth(), 1.0),
        x_(run.depth()),
        slope_(run.depth()),
        moments_(run.depth()),
        rows_(run.depth() + 1) {
    for (size_t l = 0; l < run.depth() && !unit_; ++l) {
      scale_[l] = run.Scale(l);
    }
  }

  const RunSpec& run() const { return run_; }
  bool is_unit() const { return unit_; }
  // What U is multiplied with in layer l; 1 in a pass over U itself.
  double scale(size_t l) const { return scale_[l]; }
  const PackedBatch<T>& x(size_t l) const {
    return l == 0 ? inputs_->x : x_[l];
  }
  const SampleMoments& x_moments(size_t l) const {
    return l == 0 ? inputs_->moments : moments_[l];
  }
  const PackedBatch<T>& slope(size_t l) const { return slope_[l]; }
  const PackedBatch<T>& z() const { return z_; }
  const std::vector<T>& bias() const { return layer_.bias; }
  const ForwardStatistics& row(size_t l) const { return rows_[l]; }

  void BeginBatch(size_t index, const Inputs<T>* inputs) {
    batch_ = index;
    inputs_ = inputs;
    rows_[0].AddInput(inputs->x, inputs->moments);
  }

  // The product of layer l: X_l U.
  Operand<T> Product(size_t l) {
    z_.Resize(run_.batch, run_.widths[l + 1]);
    return {&x(l), &z_};
  }

  // After it: Z_{l+1}, X_{l+1} and f'(Z_{l+1}).
  void Finish(size_t l, size_t jobs) {
    if (run_.init->data_dependent && batch_ == 0) FindScale(l);
    const bool is_output = l + 1 == run_.depth();
    layer_.activation = is_output ? nullptr : run_.activation;
    layer_.scale = scale_[l];
    layer_.bias = DrawBias<T>(run_, l);
    layer_.x = &x(l);
    layer_.z = &z_;
    layer_.next = is_output ? nullptr : &x_[l + 1];
    layer_.slope = is_output ? nullptr : &slope_[l + 1];
    layer_.Prepare();
    ParallelFor(z_.panels(), jobs,
                [&](size_t p) { FinishForward(&layer_, p); });
    rows_[l + 1].Add(layer_, jobs);
    if (!is_output) moments_[l + 1] = layer_.x_moments;
  }

 private:
  // lsuv: the scale that gives X_l W_l of the first batch the variance gain².
  void FindScale(size_t l) {
    ScaledMatrix<T> product;
    Unpack(z_, &product);
    product.exponent = x(l).exponent;
    Moments moments;
    moments.Add(product);
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
  bool unit_;
  size_t batch_ = 0;
  const Inputs<T>* inputs_ = nullptr;
  std::vector<double> scale_;
  std::vector<PackedBatch<T>> x_;       // X_1 … X_{L−1}, at their layer
  std::vector<PackedBatch<T>> slope_;   // f'(Z_1) … f'(Z_{L−1})
  std::vector<SampleMoments> moments_;  // of x_
  PackedBatch<T> z_;
  ForwardLayer<T> layer_;
  std::vector<ForwardStatistics> rows_;
};

// One backward pass, of one or of several runs.
template <typename T>
class BackwardPass {
 public:
  BackwardPass(const RunSpec& run, const ForwardPass<T>* forward)
      : run_(run),
        forward_(forward),
        unit_(forward->is_unit() && run.loss->name == "probe"),
        rows_(run.depth() + 1) {}

  const RunSpec& run() const { return run_; }
  const ForwardPass<T>* forward() const { return forward_; }
  bool is_unit() const { return unit_; }
  const PackedBatch<T>& delta() const { return delta_; }
  const SampleMoments& delta_moments() const { return layer_.moments; }
  const ScaledMatrix<double>& bias_gradient() const { return bias_gradient_; }
  const BackwardStatistics& row(size_t l) const { return rows_[l]; }

  void Begin(const ScaledMatrix<T>& delta, size_t jobs) {
    Pack(delta, &delta_);
    layer_.moments.Resize(run_.batch);
    ParallelFor(delta_.panels(), jobs,
                [&](size_t p) { MeasurePanel(&delta_, p, &layer_.moments); });
    rows_[run_.depth()].AddDelta(delta_, layer_.moments, jobs, &bias_gradient_);
  }

  // dW_l, and the product of layer l: delta_{l+1} Uᵀ.
  Operand<T> Product(size_t l, size_t jobs, GradientScratch<T>* scratch) {
    AddWeightGradient(forward_->x(l), forward_->x_moments(l), delta_,
                      layer_.moments, jobs, scratch,
                      &rows_[l + 1].weight_gradient);
    rows_[l + 1].bias_gradient.Add(bias_gradient_);
    next_.Resize(run_.batch, run_.widths[l]);
    return {&delta_, &next_};
  }

  // After it: delta_l, and db_{l−1}.
  void Finish(size_t l, size_t jobs) {
    layer_.scale = unit_                 ? 1
                   : forward_->is_unit() ? run_.Scale(l)
                                         : forward_->scale(l);
    layer_.delta = &delta_;
    layer_.slope = l > 0 ? &forward_->slope(l) : nullptr;
    layer_.out = &next_;
    ParallelFor(next_.panels(), jobs,
                [&](size_t p) { FinishBackward(&layer_, p); });
    std::swap(delta_, next_);
    rows_[l].AddDelta(delta_, layer_.moments, jobs, &bias_gradient_);
  }

 private:
  const RunSpec& run_;
  const ForwardPass<T>* forward_;
  bool unit_;
  PackedBatch<T> delta_, next_;
  BackwardLayer<T> layer_;
  ScaledMatrix<double> bias_gradient_;  // of delta_
  std::vector<BackwardStatistics> rows_;
};

// A run of the bundle: its passes, and the factors between what they compute
// and what the run has.
template <typename T>
struct RunState {
  const RunSpec* run;
  RunResult* result;
  ForwardPass<T>* forward;
  BackwardPass<T>* backward;
  std::vector<ScaledDouble> x_factor;      // of X_l and Z_l, l = 0 … L
  std::vector<ScaledDouble> delta_factor;  // of delta_l
};

// Every run's factors: products of its scales where a pass is over U itself.
template <typename T>
void SetFactors(RunState<T>* state) {
  const RunSpec& run = *state->run;
  state->x_factor.assign(run.depth() + 1, {1, 0});
  state->delta_factor.assign(run.depth() + 1, {1, 0});
  for (size_t l = 0; l < run.depth() && state->forward->is_unit(); ++l) {
    state->x_factor[l + 1] = state->x_factor[l] * run.Scale(l);
  }
  for (size_t l = run.depth(); l-- > 0 && state->backward->is_unit();) {
    state->delta_factor[l] = state->delta_factor[l + 1] * run.Scale(l);
  }
}

// The loss of a run's batch, added to its result, and delta_L.
template <typename T>
void ApplyLoss(const RunState<T>& state, const Matrix<double>& targets,
               ScaledMatrix<T>* delta_out) {
  const RunSpec& run = *state.run;
  const PackedBatch<T>& z = state.forward->z();
  const ScaledDouble factor = state.x_factor.back();
  const size_t outputs = run.widths.back();
  delta_out->Resize(run.batch, outputs);
  std::vector<T> mantissas(outputs);
  std::vector<double> logits(outputs), delta(outputs);
  LossRow sum;
  for (size_t i = 0; i < run.batch; ++i) {
    CopySample(z, i, mantissas.data());
    for (size_t j = 0; j < outputs; ++j) {
      logits[j] = mantissas[j] * factor.value;
    }
    int64_t& exponent = delta_out->exponent[i];
    const LossRow row =
        run.loss->row({logits.data(), z.exponent[i] + factor.exponent,
                       targets.row(i), outputs, run.batch},
                      delta.data(), &exponent);
    sum.value += row.value;
    sum.label_entropy += row.label_entropy;
    sum.cross_entropy += row.cross_entropy;
    sum.kl_divergence += row.kl_divergence;
    NormalizeRow(delta.data(), outputs, &exponent);
    std::copy_n(delta.data(), outputs, delta_out->mantissa.row(i));
    NormalizeRow(delta_out->mantissa.row(i), outputs, &exponent);
  }
  const double batches = static_cast<double>(run.batches);
  const double samples = static_cast<double>(run.batch) * batches;
  state.result->loss_value += sum.value / batches;
  state.result->label_entropy += sum.label_entropy / samples;
  state.result->cross_entropy += sum.cross_entropy / samples;
  state.result->kl_divergence += sum.kl_divergence / samples;
}

// A bundle while it is simulated.
template <typename T>
class Simulation {
 public:
  Simulation(const std::vector<const RunSpec*>& runs,
             const EngineOptions& options,
             const std::vector<RunResult*>& results)
      : options_(options), first_(*runs[0]) {
    std::map<PassKey, ForwardPass<T>*> passes;
    for (size_t i = 0; i < runs.size(); ++i) {
      RunState<T> state = {runs[i], results[i], nullptr, nullptr, {}, {}};
      ForwardPass<T>*& forward = passes[ForwardPassKey(*runs[i])];
      if (forward == nullptr) forward = &forward_.emplace_back(*runs[i]);
      state.forward = forward;
      for (BackwardPass<T>& pass : backward_) {
        if (pass.forward() == forward && ShareBackward(pass.run(), *runs[i])) {
          state.backward = &pass;
        }
      }
      if (state.backward == nullptr) {
        state.backward = &backward_.emplace_back(*runs[i], forward);
      }
      SetFactors(&state);
      states_.push_back(std::move(state));
    }
    const bool keep = KeepsWeights(first_);
    for (size_t l = 0; l < first_.depth(); ++l) {
      weights_.emplace_back(first_.init->law, first_.seed, l, first_.widths[l],
                            first_.widths[l + 1], keep);
    }
  }

  void Run() {
    size_t most_batches = 0;
    for (const auto& s : states_) {
      most_batches = std::max(most_batches, s.run->batches);
    }
    for (size_t batch = 0; batch < most_batches; ++batch) RunBatch(batch);
    for (const auto& state : states_) Finish(state);
  }

 private:
  void Checkpoint() const {
    if (options_.stop != nullptr && *options_.stop) throw Interrupted();
  }

  void RunBatch(size_t batch) {
    inputs_.clear();
    targets_.clear();
    BeginBatch(batch);
    for (size_t l = 0; l < first_.depth(); ++l) ForwardThrough(batch, l);
    std::set<const BackwardPass<T>*> begun;
    ScaledMatrix<T> delta;
    for (const RunState<T>& state : states_) {
      if (batch >= state.run->batches) continue;
      Checkpoint();
      const Matrix<double>& y = TargetsOf(*state.run, batch);
      ApplyLoss(state, y, &delta);
      if (!begun.insert(state.backward).second) continue;
      state.backward->Begin(delta, options_.jobs);
      if (options_.observer != nullptr) {
        Show("target", 0, y);
        ShowDelta(state, first_.depth());
      }
    }
    for (size_t l = first_.depth(); l-- > 0;) BackwardThrough(batch, l);
  }

  void BeginBatch(size_t batch) {
    for (ForwardPass<T>& pass : forward_) {
      if (batch >= pass.run().batches) continue;
      const Inputs<T>* found = nullptr;
      for (const Inputs<T>& inputs : inputs_) {
        if (ShareInputs(*inputs.run, pass.run())) found = &inputs;
      }
      if (found == nullptr) found = DrawInputs(pass.run(), batch);
      pass.BeginBatch(batch, found);
    }
    if (options_.observer != nullptr) {
      Show("X", 0, inputs_.front().x, {1, 0});
    }
  }

  const Inputs<T>* DrawInputs(const RunSpec& run, size_t batch) {
    Inputs<T>& inputs = inputs_.emplace_back();
    inputs.run = &run;
    ScaledMatrix<T> x;
    FillInputs(run, batch, &x);
    Pack(x, &inputs.x);
    inputs.moments.Resize(run.batch);
    for (size_t p = 0; p < inputs.x.panels(); ++p) {
      MeasurePanel(&inputs.x, p, &inputs.moments);
    }
    return &inputs;
  }

  const Matrix<double>& TargetsOf(const RunSpec& run, size_t batch) {
    for (const Targets& targets : targets_) {
      if (ShareTargets(*targets.run, run)) return targets.y;
    }
    return targets_.emplace_back(Targets{&run, MakeTargets(run, batch)}).y;
  }

  void ForwardThrough(size_t batch, size_t l) {
    Checkpoint();
    std::vector<Operand<T>> operands;
    for (ForwardPass<T>& pass : forward_) {
      if (batch < pass.run().batches) operands.push_back(pass.Product(l));
    }
    weights_[l].Forward(operands, options_.jobs);
    for (ForwardPass<T>& pass : forward_) {
      if (batch >= pass.run().batches) continue;
      Checkpoint();
      pass.Finish(l, options_.jobs);
    }
    if (options_.observer == nullptr) return;
    const RunState<T>& state = states_.front();
    ShowWeights(state, l);
    Show("Z", l + 1, state.forward->z(), state.x_factor[l + 1]);
    const bool is_output = l + 1 == first_.depth();
    Show("X", l + 1, is_output ? state.forward->z() : state.forward->x(l + 1),
         state.x_factor[l + 1]);
  }

  void BackwardThrough(size_t batch, size_t l) {
    std::vector<Operand<T>> operands;
    for (BackwardPass<T>& pass : backward_) {
      if (batch >= pass.run().batches) continue;
      Checkpoint();
      operands.push_back(pass.Product(l, options_.jobs, &scratch_));
    }
    if (options_.observer != nullptr) ShowGradients(states_.front(), l);
    Checkpoint();
    weights_[l].Backward(operands, options_.jobs);
    for (BackwardPass<T>& pass : backward_) {
      if (batch < pass.run().batches) pass.Finish(l, options_.jobs);
    }
    if (options_.observer != nullptr) ShowDelta(states_.front(), l);
  }

  void Finish(const RunState<T>& state) const {
    RunResult& result = *state.result;
    const auto columns = StatisticColumns();
    result.statistics.reserve((first_.depth() + 1) * columns.size());
    for (size_t l = 0; l <= first_.depth(); ++l) {
      RowStatistics row;
      static_cast<ForwardStatistics&>(row) =
          state.forward->row(l).Times(state.x_factor[l]);
      static_cast<BackwardStatistics&>(row) = state.backward->row(l).Times(
          state.delta_factor[l],
          l == 0 ? ScaledDouble{1, 0} : state.x_factor[l - 1]);
      if (l > 0) {
        const double scale = state.forward->is_unit()
                                 ? state.run->Scale(l - 1)
                                 : state.forward->scale(l - 1);
        row.SetWeights(weights_[l - 1].EntryMoments(), scale);
      }
      for (const StatisticColumn& column : columns) {
        result.statistics.push_back(column.Value(row));
      }
      if (result.first_non_finite_layer < 0 &&
          row.pre_activation.non_finite() + row.delta.non_finite() > 0) {
        result.first_non_finite_layer = static_cast<int64_t>(l);
      }
    }
    result.complete = true;
  }

  void Show(std::string_view name, size_t layer, const PackedBatch<T>& tensor,
            ScaledDouble factor) const {
    ScaledMatrix<T> plain;
    Unpack(tensor, &plain);
    Multiply(factor, &plain);
    options_.observer->Observe(name, layer, plain);
  }

  void Show(std::string_view name, size_t layer,
            const Matrix<double>& tensor) const {
    ScaledMatrix<T> plain;
    plain.Resize(tensor.rows(), tensor.cols());
    std::transform(tensor.data(), tensor.data() + tensor.size(),
                   plain.mantissa.data(),
                   [](double x) { return static_cast<T>(x); });
    options_.observer->Observe(name, layer, plain);
  }

  template <typename U>
  static void Multiply(ScaledDouble factor, ScaledMatrix<U>* x) {
    if (factor.value == 1 && factor.exponent == 0) return;
    for (size_t i = 0; i < x->mantissa.size(); ++i) {
      U& entry = x->mantissa.data()[i];
      entry = static_cast<U>(entry * factor.value);
    }
    for (int64_t& exponent : x->exponent) exponent += factor.exponent;
  }

  void ShowWeights(const RunState<T>& state, size_t l) const {
    const double scale = state.forward->is_unit() ? state.run->Scale(l)
                                                  : state.forward->scale(l);
    ScaledMatrix<T> w, b;
    w.mantissa = weights_[l].Entries();
    w.exponent.assign(w.rows(), 0);
    for (size_t i = 0; i < w.mantissa.size(); ++i) {
      T& entry = w.mantissa.data()[i];
      entry = static_cast<T>(scale * entry);
    }
    options_.observer->Observe("W", l, w);
    const std::vector<T>& bias = state.forward->bias();
    b.Resize(1, w.cols());
    for (size_t j = 0; j < b.cols(); ++j) {
      b.mantissa(0, j) = bias.empty() ? T{0} : bias[j];
    }
    options_.observer->Observe("b", l, b);
  }

  void ShowGradients(const RunState<T>& state, size_t l) const {
    const BackwardPass<T>& pass = *state.backward;
    ScaledMatrix<T> dw;
    FormWeightGradient(state.forward->x(l), state.forward->x_moments(l),
                       pass.delta(), pass.delta_moments(), &dw);
    Multiply(state.x_factor[l], &dw);
    Multiply(state.delta_factor[l + 1], &dw);
    options_.observer->Observe("dW", l, dw);
    ScaledMatrix<double> db;
    db.Resize(1, dw.cols());
    std::copy_n(pass.bias_gradient().mantissa.data(), dw.cols(),
                db.mantissa.data());
    db.exponent = pass.bias_gradient().exponent;
    Multiply(state.delta_factor[l + 1], &db);
    options_.observer->Observe("db", l, db);
  }

  void ShowDelta(const RunState<T>& state, size_t l) const {
    Show("delta", l, state.backward->delta(), state.delta_factor[l]);
  }

  const EngineOptions& options_;
  const RunSpec& first_;
  std::vector<UnitWeights<T>> weights_;
  std::deque<ForwardPass<T>> forward_;  // passes stay where they are
  std::deque<BackwardPass<T>> backward_;
  std::vector<RunState<T>> states_;
  std::deque<Inputs<T>> inputs_;  // of the batch
  std::deque<Targets> targets_;
  GradientScratch<T> scratch_;
};

template <typename T>
void Simulate(const std::vector<const RunSpec*>& runs,
              const EngineOptions& options,
              const std::vector<RunResult*>& results) {
  const auto begin = std::chrono::steady_clock::now();
  Simulation<T>(runs, options, results).Run();
  const std::chrono::duration<double> spent =
      std::chrono::steady_clock::now() - begin;
  for (RunResult* result : results) {
    result->wall_seconds = spent.count() / static_cast<double>(runs.size());
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

PassKey ForwardPassKey(const RunSpec& run) {
  const bool homogeneous = IsHomogeneous(run);
  return {run.activation,
          homogeneous ? nullptr : run.init,
          homogeneous ? 0 : run.gain,
          homogeneous ? BiasInit::kNormal : run.bias_init,
          run.bias_std,
          run.batch,
          run.batches,
          run.data_seed,
          run.input_kind,
          run.samples.get(),
          run.input_variance,
          run.input_correlation};
}

double PassMemory(const RunSpec& run) {
  const double entry = run.precision == Precision::kFloat32 ? 4 : 8;
  // Panels are padded: at most to kMaxPanelWidth samples.
  const double batch = static_cast<double>((run.batch + kMaxPanelWidth - 1) /
                                           kMaxPanelWidth * kMaxPanelWidth);
  double widths = 0, widest = 0;
  for (size_t width : run.widths) {
    const double padded = static_cast<double>(width + kUnitStep);
    widths += padded;
    widest = std::max(widest, padded);
  }
  const double rows = static_cast<double>(run.depth() + 1);
  const double columns = static_cast<double>(StatisticColumns().size());
  // X and f'(Z) of every layer; Z, delta, its successor and two copies.
  const double tensors = batch * (2 * widths + 5 * widest) * entry;
  const double samples = (sizeof(RowMoments) + 32.0) * batch * rows;
  const double statistics =
      rows * (sizeof(RowStatistics) + 8 * columns) + 9 * widths;
  return tensors + samples + statistics;
}

double BundleMemory(const RunSpec& run, double passes, double jobs) {
  double weights = KeepsWeights(run)
                       ? UnitWeightBytes(run)
                       : jobs * kWeightBlock * kWeightBlock *
                             (run.precision == Precision::kFloat32 ? 4 : 8);
  // The QR holds the draw, its copy, the factors and Q, all in double.
  if (run.init->law == UnitLaw::kOrthogonal) {
    const bool is_float = run.precision == Precision::kFloat32;
    weights += LargestWeightBytes(run) * (1 + 4 * (is_float ? 2 : 1));
  }
  return weights + passes * PassMemory(run);
}

double RunFlops(const RunSpec& run) {
  double flops = 0;
  const double batch = static_cast<double>(run.batch);
  const bool multiplies =
      run.init->law != UnitLaw::kZero && run.init->law != UnitLaw::kConstant;
  for (size_t l = 0; l < run.depth(); ++l) {
    const double fan_in = static_cast<double>(run.widths[l]);
    const double fan_out = static_cast<double>(run.widths[l + 1]);
    // Forward and backward; the weight gradient of zero is zero but at the
    // output.
    if (multiplies) flops += 4 * batch * fan_in * fan_out;
    if (multiplies || l + 1 == run.depth()) {
      flops += WeightGradientFlops(batch, fan_in, fan_out);
    }
  }
  return flops * static_cast<double>(run.batches);
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
