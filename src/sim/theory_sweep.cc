#include "sim/theory_sweep.h"

#include <cmath>
#include <map>
#include <tuple>

#include "base/error.h"
#include "sim/batch_source.h"
#include "sim/sharing.h"
#include "theory/backward_theory.h"
#include "theory/forward_rows.h"

namespace initscope {
namespace {

std::unique_ptr<BatchGeometry> MakeGeometry(const RunSpec& run) {
  return std::make_unique<BatchGeometry>(run.batches, [&](size_t batch) {
    ScaledMatrix<double> x;
    FillInputs(run, batch, &x);
    return x;
  });
}

std::vector<double> Columns(const std::vector<TheoryRow>& rows) {
  std::vector<double> values;
  values.reserve(rows.size() * TheoryColumns().size());
  for (const TheoryRow& row : rows) {
    for (const TheoryColumn& column : TheoryColumns()) {
      values.push_back(column.Value(row));
    }
  }
  return values;
}

}  // namespace

bool HasTheory(const RunSpec& run) {
  return run.init->law != UnitLaw::kConstant;
}

size_t TheoryStart(const RunSpec& run) {
  return run.loss->name == "probe" ? run.depth() : run.depth() - 1;
}

NetworkModel TheoryModel(const RunSpec& run) {
  INITSCOPE_CHECK(HasTheory(run));
  NetworkModel model;
  model.activation = run.activation;
  model.widths = run.widths;
  for (size_t l = 0; l < run.depth(); ++l) {
    model.log_scale.push_back(2 * std::log(run.Scale(l)));
    model.bias_variance.push_back(
        run.bias_init == BiasInit::kTorchDefault
            ? ScaledDouble{1 / (3 * static_cast<double>(run.widths[l])), 0}
            : SquareOf(run.bias_std));
  }
  if (run.init->data_dependent) model.output_variance = SquareOf(run.gain);
  model.independent = run.init->law != UnitLaw::kOrthogonal;
  return model;
}

TheoryInputs::TheoryInputs(const std::vector<RunSpec>& runs) {
  using Inputs = std::tuple<size_t, size_t, size_t, uint64_t, InputKind,
                            const SampleSet*, double, double>;
  std::map<Inputs, size_t> known;
  for (const RunSpec& run : runs) {
    if (!HasTheory(run)) {
      of_run.push_back(kNone);
      continue;
    }
    const auto [it, fresh] = known.try_emplace(
        Inputs(run.widths.front(), run.batch, run.batches, run.data_seed,
               run.input_kind, run.samples.get(), run.input_variance,
               run.input_correlation),
        first.size());
    if (fresh) first.push_back(&run);
    of_run.push_back(it->second);
  }
}

InputGeometries::InputGeometries(const std::vector<RunSpec>& runs, Jobs jobs) {
  const TheoryInputs inputs(runs);
  geometries_.resize(inputs.first.size());
  ParallelFor(inputs.first.size(), jobs, [&](size_t i) {
    geometries_[i] = MakeGeometry(*inputs.first[i]);
  });
  for (size_t index : inputs.of_run) {
    of_run_.push_back(index == TheoryInputs::kNone ? nullptr
                                                   : geometries_[index].get());
  }
}

std::vector<std::vector<size_t>> TheoryGroups(const std::vector<RunSpec>& runs,
                                              const TheoryInputs& inputs) {
  using Network = std::tuple<size_t, const Activation*, const Initializer*,
                             double, BiasInit, double, std::vector<size_t>>;
  std::map<Network, size_t> known;
  std::vector<std::vector<size_t>> groups;
  for (size_t i = 0; i < runs.size(); ++i) {
    const RunSpec& run = runs[i];
    if (inputs.of_run[i] == TheoryInputs::kNone) continue;
    const auto [it, fresh] = known.try_emplace(
        Network(inputs.of_run[i], run.activation, run.init, run.gain,
                run.bias_init, run.bias_std, run.widths),
        groups.size());
    if (fresh) groups.emplace_back();
    groups[it->second].push_back(i);
  }
  return groups;
}

void AddTheory(const std::vector<RunSpec>& runs,
               const InputGeometries& geometries, const SweepOptions& options,
               std::vector<RunResult>* results) {
  const TheoryTables tables;
  const auto groups = TheoryGroups(runs, TheoryInputs(runs));
  const Jobs inside(groups.size() < options.jobs ? options.jobs : 1,
                    options.stop);
  ParallelFor(groups.size(), options.workers(), [&](size_t g) {
    const RunSpec& first = runs[groups[g][0]];
    const NetworkModel model = TheoryModel(first);
    const ForwardTheory forward(model, *geometries.Of(groups[g][0]), tables,
                                options.stop);
    const std::vector<TheoryRow> forward_rows = ForwardRows(forward, inside);
    for (size_t i : groups[g]) {
      RunResult& result = (*results)[i];
      if (!result.complete) continue;
      std::vector<TheoryRow> rows = forward_rows;
      if (result.delta_start) {
        FillBackward(forward, *result.delta_start, &rows, options.stop);
      }
      result.delta_start.reset();
      result.theory = Columns(rows);
    }
  });
}

namespace {

DeltaStart UnitStart(const RunSpec& run, const BatchGeometry& geometry) {
  DeltaStart start;
  start.layer = TheoryStart(run);
  start.log_square.assign(geometry.sample_groups().size(), 0);
  start.class_log_square.assign(geometry.classes().size(), 0);
  if (run.loss->name == "probe") {
    start.product.assign(geometry.pairs().size(), 0);
    start.cosine_square.assign(geometry.pairs().size(),
                               1 / static_cast<double>(run.widths.back()));
  }
  return start;
}

}  // namespace

Prediction PredictSweep(const std::vector<RunSpec>& runs, Jobs jobs) {
  const InputGeometries geometries(runs, jobs);
  const auto groups = TheoryGroups(runs, TheoryInputs(runs));
  Prediction prediction;
  for (const std::vector<size_t>& group : groups) {
    prediction.runs.push_back(runs[group[0]]);
  }
  prediction.results.resize(groups.size());
  const TheoryTables tables;
  const Jobs inside(groups.size() < jobs.count ? jobs.count : 1, jobs.stop);
  ParallelFor(groups.size(), jobs, [&](size_t g) {
    const RunSpec& run = prediction.runs[g];
    const BatchGeometry& geometry = *geometries.Of(groups[g][0]);
    const NetworkModel model = TheoryModel(run);
    const ForwardTheory forward(model, geometry, tables, jobs.stop);
    std::vector<TheoryRow> rows = ForwardRows(forward, inside);
    FillBackward(forward, UnitStart(run, geometry), &rows, jobs.stop);
    RunResult& result = prediction.results[g];
    result.theory = Columns(rows);
    result.complete = true;
    result.loss_value = result.label_entropy = result.cross_entropy =
        result.kl_divergence = kNoTheory;
  });
  return prediction;
}

}  // namespace initscope
