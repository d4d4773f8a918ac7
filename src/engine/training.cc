#include "engine/training.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "engine/batch_loss.h"
#include "engine/batch_source.h"
#include "engine/engines.h"
#include "engine/in_precision.h"
#include "engine/tensor_show.h"
#include "nn/trained_weights.h"

namespace initscope {
namespace {

// Chooses the samples of each step. Data comes epoch by epoch, each in a new
// order and without the remainder that does not fill a minibatch; drawn inputs
// are new in every step. Epoch 0 has the order of runs without training.
class Minibatches {
 public:
  explicit Minibatches(const RunSpec& run) : run_(run) {}

  // A run whose batch *index (engine/batch_source.h) is the minibatch of
  // `step`; valid until the next call.
  const RunSpec& At(uint64_t step, size_t* index) {
    *index = step;
    if (!run_.samples) return run_;
    const uint64_t per_epoch = run_.samples->samples() / run_.batch;
    const uint64_t epoch = step / per_epoch;
    *index = step % per_epoch;
    if (epoch != epoch_) {
      epoch_ = epoch;
      run_.order = std::make_shared<const std::vector<uint32_t>>(
          run_.samples->Order(run_.data_seed, static_cast<uint32_t>(epoch)));
    }
    return run_;
  }

 private:
  RunSpec run_;
  uint64_t epoch_ = 0;
};

// The initial W = s·U and b. For lsuv, the first minibatch determines s.
template <typename T>
std::vector<std::shared_ptr<TrainedWeights<T>>> InitialWeights(
    const RunSpec& run, const EngineOptions& options) {
  const NetworkWeights<T> unit = MakeWeights<T>(run);
  PassTensors<T> tensors;
  ForwardPass<T> pass(run, unit, &tensors);
  if (run.init->data_dependent) {
    Inputs<T> inputs;
    DrawInputs(run, 0, options.workers(), &inputs);
    pass.Record(false);
    pass.BeginBatch(0, &inputs);
    for (size_t l = 0; l < run.depth(); ++l) {
      options.stop.Check();
      const ProductJob<T> product = pass.Product(l);
      unit[l]->Forward({&product, 1}, options.workers());
      pass.Finish(l, options.workers());
    }
  }
  std::vector<std::shared_ptr<TrainedWeights<T>>> weights;
  for (size_t l = 0; l < run.depth(); ++l) {
    std::vector<T> bias = DrawBias<T>(run, l);
    bias.resize(run.layers[l].fan_out);
    weights.push_back(std::make_shared<TrainedWeights<T>>(
        ScaledEntries(*unit[l], pass.WeightScale(run, l), options.stop),
        std::move(bias)));
  }
  return weights;
}

template <typename T>
class Trainer {
 public:
  Trainer(const RunSpec& run, const EngineOptions& options, RunResult* result)
      : run_(run),
        options_(options),
        result_(*result),
        minibatches_(run),
        weights_(InitialWeights<T>(run, options)),
        layers_(weights_.begin(), weights_.end()),
        moments_(run.depth()),
        forward_(run, layers_, &tensors_),
        backward_(run, &forward_),
        factors_(run.depth()) {}

  void Run() {
    result_.recorded.clear();
    const std::vector<uint64_t>& record = run_.training.record;
    auto next = record.begin();
    for (uint64_t step = 0; step <= run_.training.steps; ++step) {
      const bool records = next != record.end() && *next == step;
      if (records) ++next;
      const bool is_last = step == run_.training.steps;
      show_.emplace(forward_, backward_, factors_,
                    is_last ? options_.observer : nullptr);
      forward_.Record(records);
      backward_.Record(records);
      const BatchLoss loss = Forward(step);
      AddStep(loss);
      if (!std::isfinite(result_.loss_value) || (records && !AreFinite())) {
        result_.diverged = true;
        break;
      }
      if (!is_last || records || show_->is_on()) Backward(records, !is_last);
      if (records) Record(step);
      if (options_.underway) {
        options_.underway(static_cast<double>(step) /
                          static_cast<double>(run_.training.steps));
      }
    }
  }

 private:
  bool AreFinite() const {
    return std::ranges::all_of(weights_,
                               [](const auto& w) { return w->IsFinite(); });
  }

  // Takes one minibatch up to its loss and delta_L.
  BatchLoss Forward(uint64_t step) {
    size_t index = 0;
    const RunSpec& batch = minibatches_.At(step, &index);
    DrawInputs(batch, index, options_.workers(), &inputs_);
    forward_.BeginBatch(index, &inputs_);
    show_->Input();
    for (size_t l = 0; l < run_.depth(); ++l) {
      options_.stop.Check();
      const ProductJob<T> product = forward_.Product(l);
      weights_[l]->Forward({&product, 1}, options_.workers());
      forward_.Finish(l, options_.workers());
      show_->Layer(l, weights_[l]->weights().view(), *weights_[l]->bias());
    }
    const Matrix<double> targets = MakeTargets(batch, index, options_.stop);
    const BatchLoss loss =
        ApplyLoss(run_, forward_.z(), {1, 0}, targets, &delta_);
    show_->Target(targets);
    return loss;
  }

  void Backward(bool records, bool descends) {
    backward_.Begin(delta_, 0, options_.workers());
    show_->Delta(run_.depth());
    for (size_t l = run_.depth(); l-- > 0;) {
      options_.stop.Check();
      backward_.MeasureGradients(l, options_.workers(), &scratch_);
      show_->Gradients(l);
      if (records) moments_[l] = weights_[l]->EntryMoments();
      // Before the weights move. Only records and observers need delta_0.
      const bool goes_on = l > 0 || records || show_->is_on();
      if (goes_on) {
        const ProductJob<T> product = backward_.Product(l);
        weights_[l]->Backward({&product, 1}, options_.workers());
      }
      if (descends) {
        weights_[l]->Descend(forward_.x(l), backward_.delta(),
                             backward_.bias_gradient(), run_.training.rule,
                             options_.workers(), &scratch_);
      }
      if (!goes_on) break;
      // Uses slopes and scale, not W, which has moved.
      backward_.Finish(l, options_.workers());
      show_->Delta(l);
    }
  }

  void AddStep(const BatchLoss& loss) {
    MeanLoss mean;
    mean.Add(loss, 1);
    mean.Store(&result_);
    const double accuracy =
        static_cast<double>(loss.correct) / static_cast<double>(loss.samples);
    result_.steps.push_back(
        {result_.loss_value, run_.HasLabels()
                                 ? accuracy
                                 : std::numeric_limits<double>::quiet_NaN()});
  }

  void Record(uint64_t step) {
    result_.recorded.push_back(step);
    for (size_t l = 0; l <= run_.depth(); ++l) {
      RowStatistics row = {forward_.row(l), backward_.row(l)};
      if (l > 0) row.SetWeights(moments_[l - 1], 1);
      AddRow(row, l, &result_);
    }
  }

  const RunSpec& run_;
  const EngineOptions& options_;
  RunResult& result_;
  Minibatches minibatches_;
  const std::vector<std::shared_ptr<TrainedWeights<T>>> weights_;
  const NetworkWeights<T> layers_;  // the same objects
  std::vector<Moments> moments_;    // of the weights at a recorded step
  PassTensors<T> tensors_;
  ForwardPass<T> forward_;
  BackwardPass<T> backward_;
  Inputs<T> inputs_;
  ScaledMatrix<T> delta_;
  GradientScratch<T> scratch_;
  const PassFactors factors_;
  std::optional<TensorShow<T>> show_;  // for the current step
};

}  // namespace

void TrainRun(const RunSpec& run, const EngineOptions& options,
              RunResult* result) {
  INITSCOPE_CHECK(run.batches == 1);
  result->wall_seconds = InPrecision(run.precision, [&](auto number) {
    Trainer<decltype(number)>(run, options, result).Run();
  });
}

}  // namespace initscope
