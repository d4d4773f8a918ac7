#include "sweep/work.h"

#include <algorithm>
#include <cmath>

#include "engine/engines.h"
#include "engine/sharing.h"
#include "engine/statistics.h"
#include "nn/weight_gradient.h"
#include "sweep/cost.h"
#include "theory/theory_row.h"

namespace initscope {
namespace {

Part ProductsOf(const RunSpec& run) {
  return run.precision == Precision::kFloat32 ? Part::kProducts
                                              : Part::kDoubleProducts;
}

// Of one pass through the layers of one batch: all but products.
Work PassWork(const RunSpec& run) {
  const double batch = static_cast<double>(run.batch);
  // What is twice as wide goes through half as many lanes.
  const double lanes = run.precision == Precision::kFloat32 ? 1 : 2;
  Work work;
  for (size_t l = 0; l <= run.depth(); ++l) {
    work[Part::kEntries] += lanes * batch * static_cast<double>(run.width(l));
  }
  const double rows = static_cast<double>(run.depth() + 1);
  work[Part::kSamples] = batch * rows;
  return work;
}

double GradientFlops(const RunSpec& run) {
  double flops = 0;
  for (size_t l = 0; l < run.depth(); ++l) {
    // The weight gradient of zero is zero but at the output.
    if (!HasMatrix(run.init->law) && l + 1 < run.depth()) continue;
    flops += WeightGradientFlops(static_cast<double>(run.batch),
                                 static_cast<double>(run.layers[l].fan_in),
                                 static_cast<double>(run.layers[l].fan_out));
  }
  return flops;
}

}  // namespace

void Work::Add(const Work& other, double times) {
  for (size_t i = 0; i < kPartCount; ++i) {
    counts_[i] += times * other.counts_[i];
  }
}

Work Work::ScaledBy(double factor) const {
  Work work;
  work.Add(*this, factor);
  return work;
}

Work ForwardWork(const RunSpec& run) {
  Work work = PassWork(run);
  work[ProductsOf(run)] = EngineOf(run).flops(run);
  work[Part::kInputs] =
      static_cast<double>(run.batch) * static_cast<double>(run.inputs());
  return work.ScaledBy(static_cast<double>(run.batches));
}

Work BackwardWork(const RunSpec& run) {
  Work work = PassWork(run);
  work[ProductsOf(run)] = EngineOf(run).flops(run) + GradientFlops(run);
  work[Part::kInputs] =
      static_cast<double>(run.batch) * static_cast<double>(run.outputs());
  return work.ScaledBy(static_cast<double>(run.batches));
}

Work WeightWork(const RunSpec& run) {
  Work work;
  if (!HasMatrix(run.init->law)) return work;
  // Once, or by each pass; once more, and plain, for Jacobians.
  const double draws =
      (KeepsWeights(run) ? 1 : 2 * static_cast<double>(run.batches)) +
      (run.jacobian_samples > 0 ? 1 : 0);
  work[Part::kDraws] = draws * run.weights();
  if (run.init->law != UnitLaw::kOrthogonal) return work;
  // Householder QR and the forming of Q, 2mn² − 2n³/3 each (Golub & Van Loan,
  // section 5.2).
  for (size_t l = 0; l < run.depth(); ++l) {
    const auto [less, more] =
        std::minmax(run.layers[l].fan_in, run.layers[l].fan_out);
    const double n = static_cast<double>(less), m = static_cast<double>(more);
    work[Part::kDecompositions] +=
        draws * 2 * (2 * m * n * n - 2 * n * n * n / 3);
  }
  return work;
}

Work JacobianWork(const RunSpec& run) {
  const auto [less, more] = std::minmax(run.inputs(), run.outputs());
  const double n = static_cast<double>(less), m = static_cast<double>(more);
  // Bidiagonalization, 4mn² − 4n³/3 (Golub & Van Loan, section 5.4), is made
  // of products with vectors, which are that much slower.
  constexpr double kVectorCost = 4;
  const double flops =
      kVectorCost * 4 * n * n * (m - n / 3) + 2 * n * run.weights();
  Work work;
  work[Part::kJacobians] = static_cast<double>(run.jacobian_samples) * flops;
  return work;
}

Work TrainingWork(const RunSpec& run) {
  const double steps = static_cast<double>(run.training.steps + 1);
  Work step = PassWork(run).ScaledBy(2);
  // Forward, backward, and the gradient, which is always formed.
  step[ProductsOf(run)] =
      6 * static_cast<double>(run.batch) * std::max(1.0, run.weights());
  step[Part::kInputs] = static_cast<double>(run.batch) *
                        static_cast<double>(run.inputs() + run.outputs());
  Work work = WeightWork(run);
  work.Add(step, steps);
  return work;
}

Work ResultWork(const RunSpec& run, bool theory) {
  const double records =
      std::max<double>(1, static_cast<double>(run.training.record.size()));
  const double columns = static_cast<double>(
      StatisticColumns().size() + (theory ? TheoryColumns().size() : 0));
  Work work;
  work[Part::kRuns] = 1;
  work[Part::kResults] =
      records * static_cast<double>(run.depth() + 1) * columns +
      2 * static_cast<double>(run.training.steps);
  return work;
}

double RunFlops(const RunSpec& run) {
  if (run.training.steps > 0) {
    return TrainingWork(run)[ProductsOf(run)];
  }
  return (2 * EngineOf(run).flops(run) + GradientFlops(run)) *
         static_cast<double>(run.batches);
}

}  // namespace initscope
