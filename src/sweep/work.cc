#include "sweep/work.h"

#include <algorithm>
#include <cmath>

#include "engine/sharing.h"
#include "engine/statistics.h"
#include "nn/weight_gradient.h"
#include "sweep/cost.h"
#include "theory/theory_row.h"

namespace initscope {
namespace {

bool HasMatrix(const RunSpec& run) {
  return run.init->law != UnitLaw::kZero && run.init->law != UnitLaw::kConstant;
}

Part ProductsOf(const RunSpec& run) {
  return run.precision == Precision::kFloat32 ? Part::kProducts
                                              : Part::kDoubleProducts;
}

// Of every layer's weights, Σ fan_in·fan_out.
double Weights(const RunSpec& run) {
  double sum = 0;
  for (size_t l = 0; l < run.depth(); ++l) {
    sum += static_cast<double>(run.widths[l]) *
           static_cast<double>(run.widths[l + 1]);
  }
  return sum;
}

// Of one pass through the layers of one batch: all but products.
Work PassWork(const RunSpec& run) {
  const double batch = static_cast<double>(run.batch);
  // What is twice as wide goes through half as many lanes.
  const double lanes = run.precision == Precision::kFloat32 ? 1 : 2;
  Work work;
  for (const size_t width : run.widths) {
    work[Part::kEntries] += lanes * batch * static_cast<double>(width);
  }
  const double rows = static_cast<double>(run.depth() + 1);
  work[Part::kSamples] = batch * rows;
  return work;
}

double GradientFlops(const RunSpec& run) {
  double flops = 0;
  for (size_t l = 0; l < run.depth(); ++l) {
    // The weight gradient of zero is zero but at the output.
    if (!HasMatrix(run) && l + 1 < run.depth()) continue;
    flops += WeightGradientFlops(static_cast<double>(run.batch),
                                 static_cast<double>(run.widths[l]),
                                 static_cast<double>(run.widths[l + 1]));
  }
  return flops;
}

double ProductFlops(const RunSpec& run) {
  return HasMatrix(run) ? 2 * static_cast<double>(run.batch) * Weights(run) : 0;
}

}  // namespace

void Work::Add(const Work& other, double times) {
  for (size_t i = 0; i < kPartCount; ++i) {
    counts_[i] += times * other.counts_[i];
  }
}

Work Work::Times(double factor) const {
  Work work;
  work.Add(*this, factor);
  return work;
}

Work ForwardWork(const RunSpec& run) {
  Work work = PassWork(run);
  work[ProductsOf(run)] = ProductFlops(run);
  work[Part::kInputs] =
      static_cast<double>(run.batch) * static_cast<double>(run.widths.front());
  return work.Times(static_cast<double>(run.batches));
}

Work BackwardWork(const RunSpec& run) {
  Work work = PassWork(run);
  work[ProductsOf(run)] = ProductFlops(run) + GradientFlops(run);
  work[Part::kInputs] =
      static_cast<double>(run.batch) * static_cast<double>(run.widths.back());
  return work.Times(static_cast<double>(run.batches));
}

Work WeightWork(const RunSpec& run) {
  Work work;
  if (!HasMatrix(run)) return work;
  // Once, or by each pass; once more, and plain, for Jacobians.
  const double draws =
      (KeepsWeights(run) ? 1 : 2 * static_cast<double>(run.batches)) +
      (run.jacobian_samples > 0 ? 1 : 0);
  work[Part::kDraws] = draws * Weights(run);
  if (run.init->law != UnitLaw::kOrthogonal) return work;
  // Householder QR and the forming of Q, 2mn² − 2n³/3 each (Golub & Van Loan,
  // section 5.2).
  for (size_t l = 0; l < run.depth(); ++l) {
    const auto [less, more] = std::minmax(run.widths[l], run.widths[l + 1]);
    const double n = static_cast<double>(less), m = static_cast<double>(more);
    work[Part::kDecompositions] +=
        draws * 2 * (2 * m * n * n - 2 * n * n * n / 3);
  }
  return work;
}

Work JacobianWork(const RunSpec& run) {
  const auto [less, more] = std::minmax(run.widths.front(), run.widths.back());
  const double n = static_cast<double>(less), m = static_cast<double>(more);
  // Bidiagonalization, 4mn² − 4n³/3 (Golub & Van Loan, section 5.4), is made
  // of products with vectors, which are that much slower.
  constexpr double kVectorCost = 4;
  const double flops =
      kVectorCost * 4 * n * n * (m - n / 3) + 2 * n * Weights(run);
  Work work;
  work[Part::kJacobians] = static_cast<double>(run.jacobian_samples) * flops;
  return work;
}

Work TrainingWork(const RunSpec& run) {
  const double steps = static_cast<double>(run.training.steps + 1);
  Work step = PassWork(run).Times(2);
  // Forward, backward, and the gradient, which is always formed.
  step[ProductsOf(run)] =
      6 * static_cast<double>(run.batch) * std::max(1.0, Weights(run));
  step[Part::kInputs] =
      static_cast<double>(run.batch) *
      static_cast<double>(run.widths.front() + run.widths.back());
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
  return (2 * ProductFlops(run) + GradientFlops(run)) *
         static_cast<double>(run.batches);
}

}  // namespace initscope
