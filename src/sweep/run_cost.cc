#include "sweep/run_cost.h"

#include <algorithm>
#include <set>

#include "engine/engines.h"
#include "engine/sharing.h"
#include "engine/statistics.h"
#include "linalg/packed_batch.h"
#include "nn/weight_gradient.h"
#include "sweep/theory_work.h"
#include "theory/theory_row.h"

namespace initscope {
namespace {

Part ProductsOf(const RunSpec& run) {
  return run.precision == Precision::kFloat32 ? Part::kProducts
                                              : Part::kDoubleProducts;
}

Part DrawsOf(const RunSpec& run) {
  return run.precision == Precision::kFloat32 ? Part::kDraws
                                              : Part::kDoubleDraws;
}

// `passes` passes of one batch through all layers, whose products take `flops`
// in all.
Work PassWork(const RunSpec& run, double passes, double flops) {
  const double samples = passes * static_cast<double>(run.batch);
  Work work;
  work[ProductsOf(run)] = flops;
  // A vector holds half as many doubles as floats.
  work[Part::kEntries] = samples * run.units() * run.EntryBytes() / 4;
  work[Part::kSamples] = samples * static_cast<double>(run.depth() + 1);
  return work;
}

// `entries` of each sample of a batch are made.
Work SampleWork(const RunSpec& run, size_t entries) {
  Work work;
  work[run.input_kind == InputKind::kData ? Part::kCopies : Part::kInputs] =
      static_cast<double>(run.batch * entries);
  return work;
}

double GradientFlops(const RunSpec& run) {
  double flops = 0;
  for (size_t l = 0; l < run.depth(); ++l) {
    // For init = zero, dW is zero except at the output.
    if (!HasMatrix(run.init->law) && l + 1 < run.depth()) continue;
    flops += WeightGradientFlops(static_cast<double>(run.batch),
                                 static_cast<double>(run.layers[l].fan_in),
                                 static_cast<double>(run.layers[l].fan_out));
  }
  return flops;
}

size_t StepRows(const RunSpec& run) {
  return run.training.steps > 0 ? run.training.steps + 1 : 0;
}

size_t JacobianRows(const RunSpec& run) {
  return run.jacobian_samples * std::min(run.inputs(), run.outputs());
}

size_t ColumnCount(bool theory) {
  return StatisticColumns().size() + (theory ? TheoryColumns().size() : 0);
}

}  // namespace

void Work::Add(const Work& other, double times) {
  for (size_t i = 0; i < kPartCount; ++i) {
    counts_[i] += times * other.counts_[i];
  }
}

Work InputWork(const RunSpec& run) {
  return SampleWork(run, run.inputs() * run.batches);
}

Work TargetWork(const RunSpec& run) {
  return SampleWork(run, run.outputs() * run.batches);
}

Work ForwardWork(const RunSpec& run) {
  return PassWork(run, 1, EngineOf(run).flops(run))
      .ScaledBy(static_cast<double>(run.batches));
}

Work BackwardWork(const RunSpec& run) {
  return PassWork(run, 1, EngineOf(run).flops(run) + GradientFlops(run))
      .ScaledBy(static_cast<double>(run.batches));
}

Work WeightWork(const RunSpec& run) {
  Work work;
  if (!HasMatrix(run.init->law)) return work;
  // U is drawn once, or by each pass; and once more, unpacked, for Jacobians.
  const size_t draws = (KeepsWeights(run) ? 1 : 2 * run.batches) +
                       (run.jacobian_samples > 0 ? 1 : 0);
  work[DrawsOf(run)] = static_cast<double>(draws) * run.weights();
  if (run.init->law != UnitLaw::kOrthogonal) return work;
  // Householder QR and the forming of Q take 2mn² − 2n³/3 each (Golub & Van
  // Loan, section 5.2).
  for (const LayerSpec& layer : run.layers) {
    const double n = static_cast<double>(std::min(layer.fan_in, layer.fan_out));
    const double m = static_cast<double>(std::max(layer.fan_in, layer.fan_out));
    work[Part::kDecompositions] +=
        static_cast<double>(draws) * 2 * (2 * m * n * n - 2 * n * n * n / 3);
  }
  return work;
}

Work JacobianWork(const RunSpec& run) {
  const double n = static_cast<double>(std::min(run.inputs(), run.outputs()));
  const double m = static_cast<double>(std::max(run.inputs(), run.outputs()));
  // Bidiagonalization takes 4mn² − 4n³/3 (Golub & Van Loan, section 5.4). It
  // consists of products with vectors, which are slower by this factor.
  constexpr double kVectorCost = 4;
  const double flops =
      kVectorCost * 4 * n * n * (m - n / 3) + 2 * n * run.weights();
  Work work;
  work[Part::kJacobians] = static_cast<double>(run.jacobian_samples) * flops;
  return work;
}

Work TrainingWork(const RunSpec& run) {
  // Forward, backward, and the gradient, which is always formed.
  const double flops =
      6 * static_cast<double>(run.batch) * std::max(1.0, run.weights());
  Work step = PassWork(run, 2, flops);
  step.Add(SampleWork(run, run.inputs() + run.outputs()));
  Work work = WeightWork(run);
  work.Add(step, static_cast<double>(run.training.steps + 1));
  return work;
}

Work ResultWork(const RunSpec& run, bool theory) {
  Work work;
  work[Part::kRuns] = 1;
  work[Part::kResults] =
      LayerRows(run) * static_cast<double>(ColumnCount(theory)) +
      2 * static_cast<double>(run.training.steps);
  return work;
}

double RunSeconds(const RunSpec& run, bool theory) {
  Work work = ResultWork(run, theory);
  if (run.training.steps > 0) {
    work.Add(TrainingWork(run));
  } else {
    for (const Work& part :
         {InputWork(run), TargetWork(run), ForwardWork(run), BackwardWork(run),
          WeightWork(run), JacobianWork(run)}) {
      work.Add(part);
    }
    if (theory) work.Add(BackwardTheoryWork(run));
  }
  double seconds = 0;
  for (size_t i = 0; i < kPartCount; ++i) {
    seconds += work[static_cast<Part>(i)] * kParts[i].seconds;
  }
  return seconds;
}

double LayerRows(const RunSpec& run) {
  const size_t records = std::max<size_t>(1, run.training.record.size());
  return static_cast<double>(records * (run.depth() + 1));
}

double OtherRows(const RunSpec& run) {
  return static_cast<double>(std::max(StepRows(run), JacobianRows(run)));
}

double RunFlops(const RunSpec& run) {
  if (run.training.steps > 0) return TrainingWork(run)[ProductsOf(run)];
  return (2 * EngineOf(run).flops(run) + GradientFlops(run)) *
         static_cast<double>(run.batches);
}

double BackwardPasses(const std::vector<RunSpec>& runs,
                      const std::vector<size_t>& pass) {
  std::set<BackwardPassSpec> distinct;
  for (const size_t i : pass) distinct.insert(BackwardPassOf(runs[i]));
  return static_cast<double>(distinct.size());
}

double SharedPassMemory(const RunSpec& run) {
  if (!KeepsWeights(run)) return 0;
  // X and f'(Z) of the hidden layers, with the moments of X; Z.
  double units = RoundUp(run.outputs(), kUnitStep);
  for (size_t l = 1; l < run.depth(); ++l) {
    units += 2 * static_cast<double>(RoundUp(run.width(l), kUnitStep));
  }
  return static_cast<double>(RoundUp(run.batch, kMaxPanelWidth)) *
         (units * run.EntryBytes() +
          static_cast<double>(SampleMoments::kBytes * run.depth()));
}

double PassMemory(const RunSpec& run, double backward) {
  // Panels are padded: at most to kMaxPanelWidth samples.
  const auto batch = static_cast<double>(RoundUp(run.batch, kMaxPanelWidth));
  // X_0 … X_{L−1} and f'(Z_1) … f'(Z_{L−1}); Z, and what the loss makes of it;
  // delta and its successor.
  double widths = 0, kept = 0, widest = 0, widest_output = 0;
  for (size_t l = 0; l <= run.depth(); ++l) {
    const auto padded = static_cast<double>(RoundUp(run.width(l), kUnitStep));
    widths += padded;
    if (l < run.depth()) kept += (l > 0 ? 2 : 1) * padded;
    if (l > 0) widest_output = std::max(widest_output, padded);
    widest = std::max(widest, padded);
  }
  const double rows = static_cast<double>(run.depth() + 1);
  const double tensors =
      batch * run.EntryBytes() *
      (kept + 5 * widest_output + backward * (widest_output + widest));
  const double samples =
      rows * (SampleMoments::kBytes *
                  static_cast<double>(RoundUp(run.batch, kMaxPanelWidth)) +
              32.0 * static_cast<double>(run.batch));
  const double statistics =
      backward * rows * sizeof(RowStatistics) + 9 * widths;
  // The products that become J: as many rows as the shorter side of J has, in
  // double; and J itself.
  const double jacobians =
      2 * 8 *
      static_cast<double>(run.jacobian_samples *
                          std::min(run.inputs(), run.outputs()) * run.widest());
  return tensors + samples + statistics + jacobians;
}

double TrainingMemory(const RunSpec& run) {
  // W, its packed copy, and the velocity; at the start also the passes and
  // weights of an untrained run.
  const double copies = run.training.rule.momentum > 0 ? 4 : 3;
  const double biases = run.units() - static_cast<double>(run.inputs());
  return (run.weights() + biases) * run.EntryBytes() * copies +
         EngineOf(run).bytes(run, 1) + 2 * PassMemory(run, 1);
}

double ResultMemory(const RunSpec& run, bool theory) {
  // Each number is held twice, in the results and in the columns that are
  // written, beside which stand the keys; kRunBytes is for the containers.
  constexpr size_t kKeys = 16, kJacobianColumns = 6, kRunBytes = 3400;
  const size_t steps = StepRows(run), singular_values = JacobianRows(run);
  return kRunBytes + (theory ? TheoryStartMemory(run) : 0) +
         8 * LayerRows(run) *
             static_cast<double>(2 * ColumnCount(theory) + kKeys) +
         static_cast<double>(6 * sizeof(StepResult) * steps +
                             8 * (kJacobianColumns + kKeys) * singular_values);
}

double ResultBytes(const RunSpec& run, bool theory) {
  return sizeof(RunResult) +
         8 * LayerRows(run) * static_cast<double>(ColumnCount(theory)) +
         static_cast<double>(sizeof(StepResult) * StepRows(run) +
                             8 * JacobianRows(run));
}

double FileBytes(const RunSpec& run, bool theory) {
  // Columns beside the statistics: those of /runs, and the keys and indices of
  // the other tables.
  constexpr size_t kOfRuns = 80, kOfLayers = 8, kOfOthers = 9;
  return 8 * (LayerRows(run) *
                  static_cast<double>(ColumnCount(theory) + kOfLayers) +
              static_cast<double>(
                  kOfRuns + kOfOthers * (StepRows(run) + JacobianRows(run))));
}

}  // namespace initscope
