#include "engine/engine.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <deque>
#include <map>
#include <set>

#include "base/denormals.h"
#include "base/error.h"
#include "engine/batch_loss.h"
#include "engine/batch_source.h"
#include "engine/jacobian.h"
#include "engine/passes.h"
#include "engine/sharing.h"

namespace initscope {
namespace {

// The targets of one batch, for all runs that share them.
struct Targets {
  const RunSpec* run;
  Matrix<double> y;
};

// A run of the bundle: its passes, and the factors between what they compute
// and what the run has.
template <typename T>
struct RunState {
  const RunSpec* run;
  RunResult* result;
  ForwardPass<T>* forward;
  BackwardPass<T>* backward;
  DeltaRecorder* start;  // or nullptr
  MeanLoss loss;
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
      RunState<T> state = {runs[i], results[i], nullptr, nullptr,
                           nullptr, {},         {},      {}};
      ForwardPass<T>*& forward = passes[ForwardPassKey(*runs[i])];
      if (forward == nullptr) forward = &forward_.emplace_back(*runs[i]);
      state.forward = forward;
      for (BackwardPass<T>& pass : backward_) {
        if (pass.forward() == forward && ShareBackward(pass.run(), *runs[i])) {
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
  void Checkpoint() const { options_.stop.Check(); }

  void RunBatch(size_t batch) {
    inputs_.clear();
    targets_.clear();
    BeginBatch(batch);
    for (size_t l = 0; l < first_.depth(); ++l) ForwardThrough(batch, l);
    if (batch == 0) jacobians_.Measure(forward_, weights_, options_);
    std::set<const BackwardPass<T>*> begun;
    ScaledMatrix<T> delta;
    for (RunState<T>& state : states_) {
      if (batch >= state.run->batches) continue;
      Checkpoint();
      const Matrix<double>& y = TargetsOf(*state.run, batch);
      state.loss.Add(ApplyLoss(*state.run, state.forward->z(),
                               state.x_factor.back(), y, &delta),
                     state.run->batches);
      if (!begun.insert(state.backward).second) continue;
      state.backward->Begin(delta, batch, options_.workers());
      if (options_.observer != nullptr) {
        ShowPlain<T>("target", 0, y.view(), options_.observer);
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
    initscope::DrawInputs(run, batch, &inputs);
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
    weights_[l].Forward(operands, options_.workers());
    for (ForwardPass<T>& pass : forward_) {
      if (batch >= pass.run().batches) continue;
      Checkpoint();
      pass.Finish(l, options_.workers());
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
      operands.push_back(pass.Product(l, options_.workers(), &scratch_));
    }
    if (options_.observer != nullptr) ShowGradients(states_.front(), l);
    Checkpoint();
    weights_[l].Backward(operands, options_.workers());
    for (BackwardPass<T>& pass : backward_) {
      if (batch < pass.run().batches) pass.Finish(l, options_.workers());
    }
    if (options_.observer != nullptr) ShowDelta(states_.front(), l);
  }

  void Finish(const RunState<T>& state) const {
    RunResult& result = *state.result;
    result.statistics.reserve((first_.depth() + 1) * StatisticColumns().size());
    for (size_t l = 0; l <= first_.depth(); ++l) {
      RowStatistics row;
      static_cast<ForwardStatistics&>(row) =
          state.forward->row(l).Times(state.x_factor[l]);
      static_cast<BackwardStatistics&>(row) = state.backward->row(l).Times(
          state.delta_factor[l],
          l == 0 ? ScaledDouble{1, 0} : state.x_factor[l - 1]);
      if (l > 0) {
        row.SetWeights(weights_[l - 1].EntryMoments(),
                       state.forward->WeightScale(*state.run, l - 1));
      }
      AppendStatistics(row, &result.statistics);
      if (result.first_non_finite_layer < 0 &&
          row.pre_activation.non_finite() + row.delta.non_finite() > 0) {
        result.first_non_finite_layer = static_cast<int64_t>(l);
      }
    }
    state.loss.Store(&result);
    if (state.start != nullptr) {
      // A pass over U itself has the run's own delta_L.
      result.delta_start = std::make_shared<const DeltaStart>(
          state.start->Result(state.x_factor.back()));
    }
    if (state.run->jacobian_samples > 0) {
      result.jacobian = jacobians_.Of(*state.forward, *state.run);
    }
    result.complete = true;
  }

  void Show(std::string_view name, size_t layer, const PackedBatch<T>& tensor,
            ScaledDouble factor) const {
    initscope::Show(name, layer, tensor, factor, options_.observer);
  }

  void ShowWeights(const RunState<T>& state, size_t l) const {
    const double scale = state.forward->WeightScale(*state.run, l);
    Matrix<T> w = weights_[l].Entries();
    for (size_t i = 0; i < w.size(); ++i) {
      w.data()[i] = static_cast<T>(scale * w.data()[i]);
    }
    ShowPlain<T>("W", l, std::as_const(w).view(), options_.observer);
    const std::vector<T>& bias = state.forward->bias();
    Matrix<T> b(1, w.cols());
    for (size_t j = 0; j < b.cols(); ++j)
      b(0, j) = bias.empty() ? T{0} : bias[j];
    ShowPlain<T>("b", l, std::as_const(b).view(), options_.observer);
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
  std::deque<DeltaRecorder> starts_;
  std::vector<RunState<T>> states_;
  std::deque<Inputs<T>> inputs_;  // of the batch
  std::deque<Targets> targets_;
  GradientScratch<T> scratch_;
  Jacobians<T> jacobians_;
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

}  // namespace initscope
