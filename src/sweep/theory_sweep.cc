#include "sweep/theory_sweep.h"

#include <cmath>
#include <optional>
#include <set>
#include <tuple>

#include "base/error.h"
#include "engine/batch_source.h"
#include "engine/sharing.h"
#include "theory/backward_theory.h"

namespace initscope {
namespace {

std::unique_ptr<BatchGeometry> MakeGeometry(const RunSpec& run, Jobs jobs) {
  std::vector<size_t> labels;
  if (run.LabelClasses() > 0) {
    for (size_t i = 0; i < run.batches * run.batch; ++i) {
      labels.push_back(run.samples->Label((*run.order)[i]));
    }
  }
  const auto inputs = [&](size_t batch) {
    ScaledMatrix<double> x;
    FillInputs(run, batch, jobs, &x);
    return x;
  };
  return std::make_unique<BatchGeometry>(run.batches, inputs, labels);
}

std::vector<double> Columns(const std::vector<TheoryRow>& rows) {
  std::vector<double> values;
  values.reserve(rows.size() * TheoryColumns().size());
  for (const TheoryRow& row : rows) {
    for (const TheoryColumn& column : TheoryColumns()) {
      values.push_back(column.get(row));
    }
  }
  return values;
}

TargetMoments MomentsOf(const Matrix<double>& targets) {
  double sum = 0, square = 0;
  for (size_t i = 0; i < targets.size(); ++i) {
    sum += targets.data()[i];
    square += targets.data()[i] * targets.data()[i];
  }
  const auto n = static_cast<double>(targets.size());
  const double mean = sum / n;
  return {mean, std::sqrt(std::max(0.0, square / n - mean * mean))};
}

// The expected share of delta_L along Z_L, per class of samples.
std::vector<double> Alignment(const RunSpec& run, const ForwardTheory& forward,
                              StopFlag stop) {
  std::vector<double> alignment;
  if (!forward.holds()) return alignment;
  const TargetMoments targets = MomentsOf(MakeTargets(run, 0, stop));
  for (const ClassState& state : forward.layer(run.depth()).classes) {
    alignment.push_back(OutputAlignment(*run.loss, state.log_q, targets));
  }
  return alignment;
}

// A delta_L with second moment 1 and the share along Z_L that the loss gives
// it.
DeltaStart UnitStart(const RunSpec& run, const ForwardTheory& forward,
                     StopFlag stop) {
  const BatchGeometry& geometry = forward.geometry();
  DeltaStart start;
  start.log_square.assign(geometry.sample_groups().size(), 0);
  start.class_log_square.assign(geometry.classes().size(), 0);
  if (forward.holds()) {
    const TargetMoments targets = MomentsOf(MakeTargets(run, 0, stop));
    const LayerState& output = forward.layer(run.depth());
    for (size_t k = 0; k < DeltaStart::kPowers; ++k) {
      const auto aligned = [&](double log_q) {
        const double by_chance = 1 / static_cast<double>(run.outputs());
        return log_q * (1 - static_cast<double>(k) / 2) +
               std::log(OutputAlignment(*run.loss, log_q, targets) + by_chance);
      };
      for (const double log_q : output.log_q) {
        start.log_aligned[k].push_back(aligned(log_q));
      }
      for (const ClassState& state : output.classes) {
        start.class_log_aligned[k].push_back(aligned(state.log_q));
      }
    }
  }
  if (run.loss->linear) {
    start.product.assign(geometry.pairs().size(), 0);
    start.aligned_product = start.product;
    start.cosine_square.assign(geometry.pairs().size(),
                               1 / static_cast<double>(run.outputs()));
  }
  return start;
}

}  // namespace

bool HasTheory(const RunSpec& run) {
  return run.init->law != UnitLaw::kConstant;
}

NetworkModel TheoryModel(const RunSpec& run) {
  INITSCOPE_CHECK(HasTheory(run));
  NetworkModel model;
  static_cast<Network&>(model) = run;
  for (size_t l = 0; l < run.depth(); ++l) {
    model.log_scale.push_back(2 * std::log(run.Scale(l)));
    model.bias_variance.push_back(
        run.bias_init == BiasInit::kTorchDefault
            ? ScaledDouble{1 / (3 * static_cast<double>(run.layers[l].fan_in)),
                           0}
            : SquareOf(run.bias_std));
  }
  if (run.init->data_dependent) model.output_variance = SquareOf(run.gain);
  model.independent = run.init->law != UnitLaw::kOrthogonal;
  model.kurtosis = kUnitLawKurtosis[static_cast<size_t>(run.init->law)];
  return model;
}

TheoryInputs::TheoryInputs(const std::vector<RunSpec>& runs) {
  std::map<std::pair<size_t, InputSpec>, size_t> known;
  for (const RunSpec& run : runs) {
    if (!HasTheory(run)) {
      of_run.push_back(kNone);
      continue;
    }
    const auto [it, fresh] =
        known.try_emplace({run.inputs(), run}, first.size());
    if (fresh) first.push_back(&run);
    of_run.push_back(it->second);
  }
}

InputGeometries::InputGeometries(const std::vector<RunSpec>& runs, Jobs jobs) {
  const TheoryInputs inputs(runs);
  geometries_.resize(inputs.first.size());
  const Jobs inside(inputs.first.size() < jobs.count ? jobs.count : 1,
                    jobs.stop);
  ParallelFor(inputs.first.size(), jobs, [&](size_t i) {
    geometries_[i] = MakeGeometry(*inputs.first[i], inside);
  });
  for (size_t index : inputs.of_run) {
    of_run_.push_back(index == TheoryInputs::kNone ? nullptr
                                                   : geometries_[index].get());
  }
}

std::vector<std::vector<size_t>> TheoryGroups(const std::vector<RunSpec>& runs,
                                              const TheoryInputs& inputs) {
  // The key leaves out the seed, the loss and the precision.
  std::map<std::tuple<size_t, NetworkSpec, WeightLaw>, size_t> known;
  std::vector<std::vector<size_t>> groups;
  for (size_t i = 0; i < runs.size(); ++i) {
    const RunSpec& run = runs[i];
    if (inputs.of_run[i] == TheoryInputs::kNone) continue;
    const auto [it, fresh] =
        known.try_emplace({inputs.of_run[i], run, run}, groups.size());
    if (fresh) groups.emplace_back();
    groups[it->second].push_back(i);
  }
  return groups;
}

struct SweepTheory::Forward {
  std::once_flag computed;
  NetworkModel model;
  std::optional<ForwardTheory> theory;
  std::vector<TheoryRow> rows;
  std::mutex mutex;
  // Runs that differ only in their seed share it.
  std::map<std::pair<const Loss*, double>, std::vector<double>> alignments;
};

SweepTheory::SweepTheory(const std::vector<RunSpec>& runs,
                         const TheoryTables& tables, Jobs jobs)
    : runs_(runs),
      tables_(tables),
      geometries_(runs, jobs),
      group_of_(runs.size()) {
  const auto groups = TheoryGroups(runs, TheoryInputs(runs));
  for (size_t g = 0; g < groups.size(); ++g) {
    for (const size_t run : groups[g]) group_of_[run] = g;
  }
}

SweepTheory::~SweepTheory() = default;

std::shared_ptr<SweepTheory::Forward> SweepTheory::ForwardOf(size_t run,
                                                             Jobs jobs) {
  std::shared_ptr<Forward> forward;
  {
    const std::lock_guard lock(mutex_);
    const auto [kept, fresh] = kept_.try_emplace(group_of_[run]);
    if (fresh) {
      kept->second = std::make_shared<Forward>();
      order_.push_back(run);
      layers_ += runs_[run].depth();
    }
    forward = kept->second;
    while (layers_ > kMostTheoryLayers && order_.size() > 1) {
      layers_ -= runs_[order_.front()].depth();
      kept_.erase(group_of_[order_.front()]);
      order_.pop_front();
    }
  }
  std::call_once(forward->computed, [&] {
    forward->model = TheoryModel(runs_[run]);
    forward->theory.emplace(forward->model, *GeometryOf(run), tables_,
                            jobs.stop);
    forward->rows = ForwardRows(*forward->theory, jobs);
  });
  return forward;
}

void SweepTheory::Fill(size_t run, Jobs jobs, RunResult* result) {
  const RunSpec& spec = runs_[run];
  if (!HasTheory(spec)) return;
  const std::shared_ptr<Forward> forward = ForwardOf(run, jobs);
  std::vector<TheoryRow> rows = forward->rows;
  if (result->delta_start) {
    std::unique_lock lock(forward->mutex);
    const auto key = std::pair(spec.loss, spec.label_smoothing);
    auto alignment = forward->alignments.find(key);
    if (alignment == forward->alignments.end()) {
      alignment =
          forward->alignments
              .emplace(key, Alignment(spec, *forward->theory, jobs.stop))
              .first;
    }
    lock.unlock();
    FillBackward(*forward->theory, *result->delta_start, alignment->second,
                 &rows, jobs.stop);
  }
  result->delta_start.reset();
  result->theory = Columns(rows);
}

Prediction PredictSweep(const std::vector<RunSpec>& runs,
                        const TheoryTables& tables, Jobs jobs) {
  const InputGeometries geometries(runs, jobs);
  const auto groups = TheoryGroups(runs, TheoryInputs(runs));
  Prediction prediction;
  std::vector<size_t> chosen;  // one run per loss of each group
  for (const std::vector<size_t>& group : groups) {
    std::set<const Loss*> losses;
    for (const size_t i : group) {
      if (losses.insert(runs[i].loss).second) chosen.push_back(i);
    }
  }
  for (const size_t i : chosen) prediction.runs.push_back(runs[i]);
  prediction.results.resize(chosen.size());
  const Jobs inside(chosen.size() < jobs.count ? jobs.count : 1, jobs.stop);
  ParallelFor(chosen.size(), jobs, [&](size_t g) {
    const RunSpec& run = prediction.runs[g];
    const BatchGeometry& geometry = *geometries.Of(chosen[g]);
    const NetworkModel model = TheoryModel(run);
    const ForwardTheory forward(model, geometry, tables, jobs.stop);
    std::vector<TheoryRow> rows = ForwardRows(forward, inside);
    FillBackward(forward, UnitStart(run, forward, jobs.stop),
                 Alignment(run, forward, jobs.stop), &rows, jobs.stop);
    RunResult& result = prediction.results[g];
    result.theory = Columns(rows);
    result.loss_value = result.label_entropy = result.cross_entropy =
        result.kl_divergence = kNoTheory;
  });
  return prediction;
}

}  // namespace initscope
