#include "engine/engine.h"

#include <algorithm>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/error.h"
#include "engine/batch_loss.h"
#include "engine/engines.h"
#include "engine/in_precision.h"
#include "engine/jacobian.h"
#include "engine/passes.h"
#include "engine/shared_batches.h"
#include "engine/sharing.h"
#include "engine/tensor_show.h"

namespace initscope {
namespace {

// The inputs or targets of one batch, for all runs that share them with `run`.
template <typename Value>
struct OfBatch {
  const RunSpec* run;
  std::shared_ptr<const Value> value;
};

// A run of the bundle and its passes.
template <typename T>
struct RunState {
  const RunSpec* run;
  RunResult* result;
  PassFactors factors;
  ForwardPass<T>* forward = nullptr;
  BackwardPass<T>* backward = nullptr;
  DeltaRecorder* start = nullptr;  // or none
  MeanLoss loss = {};
};

// Passes that go through the network side by side, and their runs. Where U is
// kept, it is one forward pass at a time, so that its tensors take the memory
// of the one before; else all of them, for which U is then drawn once.
template <typename T>
struct Convoy {
  std::vector<ForwardPass<T>*> forward;
  std::vector<BackwardPass<T>*> backward;
  std::vector<RunState<T>*> states;
};

// Sets the run's factors. In a pass over U itself they are products of scales.
template <typename T>
void SetFactors(RunState<T>* state) {
  const RunSpec& run = *state->run;
  for (size_t l = 0; l < run.depth() && state->forward->scale_free(); ++l) {
    state->factors.x[l + 1] = state->factors.x[l] * run.Scale(l);
  }
  for (size_t l = run.depth(); l-- > 0 && state->backward->scale_free();) {
    state->factors.delta[l] = state->factors.delta[l + 1] * run.Scale(l);
  }
}

// A bundle while it is simulated.
template <typename T>
class Simulation {
 public:
  Simulation(const std::vector<const RunSpec*>& runs,
             const EngineOptions& options, SharedBatches* batches,
             const std::vector<RunResult*>& results)
      : options_(options),
        batches_(*batches),
        first_(*runs[0]),
        weights_(MakeWeights<T>(first_)) {
    std::map<ForwardPassSpec, ForwardPass<T>*> passes;
    for (size_t i = 0; i < runs.size(); ++i) {
      RunState<T> state = {runs[i], results[i], PassFactors(runs[i]->depth())};
      ForwardPass<T>*& forward = passes[ForwardPassOf(*runs[i])];
      if (forward == nullptr) {
        if (tensors_.empty() || !KeepsWeights(first_)) tensors_.emplace_back();
        forward = &forward_.emplace_back(*runs[i], weights_, &tensors_.back());
      }
      state.forward = forward;
      for (BackwardPass<T>& pass : backward_) {
        if (pass.forward() == forward &&
            BackwardPassOf(pass.run()) == BackwardPassOf(*runs[i])) {
          state.backward = &pass;
          state.start = pass.start();
        }
      }
      if (state.backward == nullptr) {
        state.backward = &backward_.emplace_back(*runs[i], forward);
        if (!options.geometries.empty() && options.geometries[i] != nullptr) {
          state.start = &starts_.emplace_back(*options.geometries[i]);
          state.backward->RecordStart(state.start);
        }
      }
      SetFactors(&state);
      states_.push_back(std::move(state));
    }
    FormConvoys();
    const RunState<T>& shown = states_.front();
    show_.emplace(*shown.forward, *shown.backward, shown.factors,
                  options.observer);
  }

  void Run() {
    size_t most_batches = 0;
    for (const auto& s : states_) {
      most_batches = std::max(most_batches, s.run->batches);
    }
    steps_ = 2 * most_batches * first_.depth() * convoys_.size();
    for (size_t batch = 0; batch < most_batches; ++batch) RunBatch(batch);
    for (const auto& state : states_) Finish(state);
  }

 private:
  void FormConvoys() {
    const bool alone = KeepsWeights(first_);
    std::map<const ForwardPass<T>*, Convoy<T>*> of;
    for (ForwardPass<T>& pass : forward_) {
      if (alone || convoys_.empty()) convoys_.emplace_back();
      convoys_.back().forward.push_back(&pass);
      of[&pass] = &convoys_.back();
    }
    for (BackwardPass<T>& pass : backward_) {
      of.at(pass.forward())->backward.push_back(&pass);
    }
    for (RunState<T>& state : states_) {
      of.at(state.forward)->states.push_back(&state);
    }
  }

  void RunBatch(size_t batch) {
    inputs_.clear();
    targets_.clear();
    for (Convoy<T>& convoy : convoys_) {
      BeginBatch(batch, convoy);
      for (size_t l = 0; l < first_.depth(); ++l) {
        ForwardThrough(batch, l, convoy);
      }
      if (batch == 0) jacobians_.Measure(convoy.forward, weights_, options_);
      ApplyLosses(batch, convoy);
      for (size_t l = first_.depth(); l-- > 0;) {
        BackwardThrough(batch, l, convoy);
      }
    }
  }

  void ApplyLosses(size_t batch, const Convoy<T>& convoy) {
    std::set<const BackwardPass<T>*> begun;
    ScaledMatrix<T> delta;
    for (RunState<T>* state : convoy.states) {
      const RunSpec& run = *state->run;
      if (batch >= run.batches) continue;
      options_.stop.Check();
      const Matrix<double>& y = TargetsOf(run, batch);
      state->loss.Add(ApplyLoss(run, state->forward->z(),
                                state->factors.x.back(), y, &delta),
                      run.batches);
      if (!begun.insert(state->backward).second) continue;
      state->backward->Begin(delta, batch, options_.workers());
      if (!IsShown(convoy)) continue;
      show_->Target(y);
      show_->Delta(first_.depth());
    }
  }

  // Whether the observer sees its passes: those of the first run.
  bool IsShown(const Convoy<T>& convoy) const {
    return show_->is_on() && &convoy == &convoys_.front();
  }

  void BeginBatch(size_t batch, const Convoy<T>& convoy) {
    for (ForwardPass<T>* pass : convoy.forward) {
      if (batch >= pass->run().batches) continue;
      pass->BeginBatch(batch, InputsOf(pass->run(), batch));
    }
    if (IsShown(convoy)) show_->Input();
  }

  const Inputs<T>* InputsOf(const RunSpec& run, size_t batch) {
    for (const OfBatch<Inputs<T>>& inputs : inputs_) {
      if (ShareInputs(*inputs.run, run)) return inputs.value.get();
    }
    inputs_.push_back(
        {&run, batches_.InputsOf<T>(run, batch, options_.workers())});
    return inputs_.back().value.get();
  }

  const Matrix<double>& TargetsOf(const RunSpec& run, size_t batch) {
    for (const OfBatch<Matrix<double>>& targets : targets_) {
      if (ShareTargets(*targets.run, run)) return *targets.value;
    }
    targets_.push_back({&run, batches_.TargetsOf(run, batch, options_.stop)});
    return *targets_.back().value;
  }

  void ForwardThrough(size_t batch, size_t l, const Convoy<T>& convoy) {
    options_.stop.Check();
    std::vector<ProductJob<T>> products;
    for (ForwardPass<T>* pass : convoy.forward) {
      if (batch < pass->run().batches) products.push_back(pass->Product(l));
    }
    weights_[l]->Forward(products, options_.workers());
    for (ForwardPass<T>* pass : convoy.forward) {
      if (batch >= pass->run().batches) continue;
      options_.stop.Check();
      pass->Finish(l, options_.workers());
    }
    if (IsShown(convoy)) ShowLayer(states_.front(), l);
    TellStep();
  }

  void BackwardThrough(size_t batch, size_t l, const Convoy<T>& convoy) {
    std::vector<ProductJob<T>> products;
    for (BackwardPass<T>* pass : convoy.backward) {
      if (batch >= pass->run().batches) continue;
      options_.stop.Check();
      pass->MeasureGradients(l, options_.workers(), &scratch_);
      products.push_back(pass->Product(l));
    }
    if (IsShown(convoy)) show_->Gradients(l);
    options_.stop.Check();
    weights_[l]->Backward(products, options_.workers());
    for (BackwardPass<T>* pass : convoy.backward) {
      if (batch < pass->run().batches) pass->Finish(l, options_.workers());
    }
    if (IsShown(convoy)) show_->Delta(l);
    TellStep();
  }

  void TellStep() {
    ++done_steps_;
    if (!options_.underway) return;
    options_.underway(static_cast<double>(done_steps_) /
                      static_cast<double>(steps_));
  }

  void Finish(const RunState<T>& state) const {
    RunResult& result = *state.result;
    result.statistics.reserve((first_.depth() + 1) * StatisticColumns().size());
    for (size_t l = 0; l <= first_.depth(); ++l) {
      RowStatistics row = {
          state.forward->row(l).ScaledBy(state.factors.x[l]),
          state.backward->row(l).ScaledBy(
              state.factors.delta[l],
              l == 0 ? ScaledDouble{1, 0} : state.factors.x[l - 1])};
      if (l > 0) {
        row.SetWeights(weights_[l - 1]->EntryMoments(),
                       state.forward->WeightScale(*state.run, l - 1));
      }
      AddRow(row, l, &result);
    }
    state.loss.Store(&result);
    if (state.start != nullptr) {
      // Even a pass over U itself has the run's own delta_L.
      result.delta_start = std::make_shared<const DeltaStart>(
          state.start->Result(state.factors.x.back()));
    }
    if (state.run->jacobian_samples > 0) {
      result.jacobian = jacobians_.Of(*state.forward, *state.run);
    }
  }

  void ShowLayer(const RunState<T>& state, size_t l) const {
    const Matrix<T> w =
        ScaledEntries(*weights_[l], state.forward->WeightScale(*state.run, l));
    show_->Layer(l, w.view(), state.forward->bias());
  }

  const EngineOptions& options_;
  SharedBatches& batches_;
  const RunSpec& first_;
  const NetworkWeights<T> weights_;
  std::deque<PassTensors<T>> tensors_;  // a deque never moves its elements
  std::deque<ForwardPass<T>> forward_;
  std::deque<BackwardPass<T>> backward_;
  std::deque<DeltaRecorder> starts_;
  std::vector<RunState<T>> states_;
  std::deque<Convoy<T>> convoys_;
  std::vector<OfBatch<Inputs<T>>> inputs_;  // of the current batch
  std::vector<OfBatch<Matrix<double>>> targets_;
  GradientScratch<T> scratch_;
  Jacobians<T> jacobians_;
  std::optional<TensorShow<T>> show_;  // for the first run
  size_t steps_ = 0, done_steps_ = 0;  // layers of batches, both ways
};

}  // namespace

RunResult RunResult::Failed(const std::string& error) {
  RunResult result;
  result.error = error;
  result.recorded.clear();
  result.loss_value = result.label_entropy = result.cross_entropy =
      result.kl_divergence = std::numeric_limits<double>::quiet_NaN();
  return result;
}

void SimulateBundle(const std::vector<const RunSpec*>& runs,
                    const EngineOptions& options,
                    const std::vector<RunResult*>& results) {
  INITSCOPE_CHECK(!runs.empty() && runs.size() == results.size());
  SharedBatches own;
  SharedBatches* const batches = options.batches ? options.batches : &own;
  const double seconds = InPrecision(runs[0]->precision, [&](auto number) {
    Simulation<decltype(number)>(runs, options, batches, results).Run();
  });
  for (RunResult* result : results) {
    result->wall_seconds = seconds / static_cast<double>(runs.size());
  }
}

}  // namespace initscope
