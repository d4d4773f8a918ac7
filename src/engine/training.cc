#include "engine/training.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <utility>

#include "base/denormals.h"
#include "engine/batch_loss.h"
#include "engine/batch_source.h"
#include "engine/minibatches.h"
#include "engine/passes.h"

namespace initscope {
namespace {

// Keeps W and b of every layer as the run begins with them.
template <typename T>
class ParameterCatcher : public TensorObserver {
 public:
  void Observe(std::string_view name, size_t,
               const ScaledMatrix<T>& tensor) override {
    if (name == "W") weights.push_back(Plain(tensor));
    if (name == "b") {
      const Matrix<T> b = Plain(tensor);
      biases.emplace_back(b.data(), b.data() + b.size());
    }
  }
  using Other = std::conditional_t<std::is_same_v<T, float>, double, float>;
  void Observe(std::string_view, size_t, const ScaledMatrix<Other>&) override {}

  std::vector<Matrix<T>> weights;
  std::vector<std::vector<T>> biases;

 private:
  static Matrix<T> Plain(const ScaledMatrix<T>& tensor) {
    Matrix<T> plain(tensor.rows(), tensor.cols());
    for (size_t i = 0; i < plain.rows(); ++i) {
      const double factor = PowerOfTwo(tensor.exponent[i]);
      for (size_t j = 0; j < plain.cols(); ++j) {
        plain(i, j) = static_cast<T>(tensor.mantissa(i, j) * factor);
      }
    }
    return plain;
  }
};

// The weights that the engine uses at initialization.
template <typename T>
std::vector<TrainedWeights<T>> InitialWeights(const RunSpec& run,
                                              const EngineOptions& options) {
  RunSpec untrained = run;
  untrained.training = {};
  ParameterCatcher<T> caught;
  RunResult unused;
  SimulateBundle({&untrained}, {options.stop, &caught, options.jobs},
                 {&unused});
  std::vector<TrainedWeights<T>> weights;
  for (size_t l = 0; l < run.depth(); ++l) {
    weights.emplace_back(std::move(caught.weights[l]),
                         std::move(caught.biases[l]));
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
        moments_(run.depth()),
        forward_(run, weights_),
        backward_(run, &forward_) {}

  void Run() {
    result_.recorded.clear();
    const std::vector<uint64_t>& record = run_.training.record;
    auto next = record.begin();
    for (uint64_t step = 0; step <= run_.training.steps; ++step) {
      const bool records = next != record.end() && *next == step;
      if (records) ++next;
      const bool is_last = step == run_.training.steps;
      const bool shows = is_last && options_.observer != nullptr;
      forward_.Record(records);
      backward_.Record(records);
      const BatchLoss loss = Forward(step, shows);
      AddStep(loss);
      if (!std::isfinite(result_.loss_value) || (records && !AreFinite())) {
        result_.diverged = true;
        break;
      }
      if (!is_last || records || shows) Backward(records, shows, !is_last);
      if (records) Record(step);
    }
    result_.complete = true;
  }

 private:
  void Checkpoint() const { options_.stop.Check(); }

  bool AreFinite() const {
    return std::all_of(weights_.begin(), weights_.end(),
                       [](const auto& w) { return w.IsFinite(); });
  }

  // One minibatch, up to its loss and delta_L.
  BatchLoss Forward(uint64_t step, bool shows) {
    size_t index = 0;
    const RunSpec& batch = minibatches_.At(step, &index);
    inputs_.run = &run_;
    DrawInputs(batch, index, &inputs_);
    if (shows) Show("X", 0, inputs_.x);
    forward_.BeginBatch(index, &inputs_);
    for (size_t l = 0; l < run_.depth(); ++l) {
      Checkpoint();
      weights_[l].Forward(forward_.Product(l), options_.workers());
      forward_.Finish(l, options_.workers());
      if (shows) ShowLayer(l);
    }
    const Matrix<double> targets = MakeTargets(batch, index);
    const BatchLoss loss =
        ApplyLoss(run_, forward_.z(), {1, 0}, targets, &delta_);
    if (shows) {
      ShowPlain<T>("target", 0, targets.view(), options_.observer);
    }
    return loss;
  }

  void Backward(bool records, bool shows, bool descends) {
    backward_.Begin(delta_, 0, options_.workers());
    if (shows) Show("delta", run_.depth(), backward_.delta());
    for (size_t l = run_.depth(); l-- > 0;) {
      Checkpoint();
      const Operand<T> operand =
          backward_.Product(l, options_.workers(), &scratch_);
      if (shows) ShowGradients(l);
      if (records) moments_[l] = weights_[l].EntryMoments();
      // With the weights as they were; nobody asks for delta_0 but records.
      const bool goes_on = l > 0 || records || shows;
      if (goes_on) weights_[l].Backward(operand, options_.workers());
      if (descends) {
        weights_[l].Descend(forward_.x(l), forward_.x_moments(l),
                            backward_.delta(), backward_.delta_moments(),
                            backward_.bias_gradient(), run_.training.rule,
                            options_.workers(), &scratch_);
      }
      if (!goes_on) break;
      // The slope and scale alone: W has moved on.
      backward_.Finish(l, options_.workers());
      if (shows) Show("delta", l, backward_.delta());
    }
  }

  void AddStep(const BatchLoss& loss) {
    const bool labelled =
        run_.loss->uses_labels && run_.samples && run_.samples->classes() > 0;
    MeanLoss mean;
    mean.Add(loss, 1);
    mean.Store(&result_);
    result_.steps.push_back(
        {result_.loss_value, labelled
                                 ? static_cast<double>(loss.correct) /
                                       static_cast<double>(loss.samples)
                                 : std::numeric_limits<double>::quiet_NaN()});
  }

  void Record(uint64_t step) {
    result_.recorded.push_back(step);
    for (size_t l = 0; l <= run_.depth(); ++l) {
      RowStatistics row;
      static_cast<ForwardStatistics&>(row) = forward_.row(l);
      static_cast<BackwardStatistics&>(row) = backward_.row(l);
      if (l > 0) row.SetWeights(moments_[l - 1], 1);
      AppendStatistics(row, &result_.statistics);
      if (result_.first_non_finite_layer < 0 &&
          row.pre_activation.non_finite() + row.delta.non_finite() > 0) {
        result_.first_non_finite_layer = static_cast<int64_t>(l);
      }
    }
  }

  void Show(std::string_view name, size_t layer, const PackedBatch<T>& tensor) {
    initscope::Show(name, layer, tensor, {1, 0}, options_.observer);
  }

  void ShowLayer(size_t l) {
    ShowPlain<T>("W", l, weights_[l].weights().view(), options_.observer);
    const std::vector<T>& bias = weights_[l].bias();
    ShowPlain<T>("b", l, ConstMatrixView<T>(bias.data(), 1, bias.size()),
                 options_.observer);
    Show("Z", l + 1, forward_.z());
    const bool is_output = l + 1 == run_.depth();
    Show("X", l + 1, is_output ? forward_.z() : forward_.x(l + 1));
  }

  void ShowGradients(size_t l) {
    ScaledMatrix<T> dw;
    FormWeightGradient(forward_.x(l), forward_.x_moments(l), backward_.delta(),
                       backward_.delta_moments(), &dw);
    options_.observer->Observe("dW", l, dw);
    options_.observer->Observe("db", l, backward_.bias_gradient());
  }

  const RunSpec& run_;
  const EngineOptions& options_;
  RunResult& result_;
  Minibatches minibatches_;
  std::vector<TrainedWeights<T>> weights_;
  std::vector<Moments> moments_;  // of the weights of a recorded step
  ForwardPass<T> forward_;
  BackwardPass<T> backward_;
  Inputs<T> inputs_;
  ScaledMatrix<T> delta_;
  GradientScratch<T> scratch_;
};

template <typename T>
void Train(const RunSpec& run, const EngineOptions& options,
           RunResult* result) {
  const auto begin = std::chrono::steady_clock::now();
  Trainer<T>(run, options, result).Run();
  const std::chrono::duration<double> spent =
      std::chrono::steady_clock::now() - begin;
  result->wall_seconds = spent.count();
}

}  // namespace

void TrainRun(const RunSpec& run, const EngineOptions& options,
              RunResult* result) {
  INITSCOPE_CHECK(run.batches == 1);
  const FlushDenormals flush;
  if (run.precision == Precision::kFloat32) {
    Train<float>(run, options, result);
  } else {
    Train<double>(run, options, result);
  }
}

}  // namespace initscope
