#include "sweep/cost.h"

#include <algorithm>

#include "engine/sharing.h"
#include "engine/statistics.h"
#include "nn/unit_weights.h"

namespace initscope {
namespace {

double LargestWeightBytes(const RunSpec& run) {
  double largest = 0;
  for (size_t l = 0; l < run.depth(); ++l) {
    largest = std::max(largest, static_cast<double>(run.widths[l]) *
                                    static_cast<double>(run.widths[l + 1]));
  }
  return largest * (run.precision == Precision::kFloat32 ? 4 : 8);
}

// Of the products that J comes of: as many rows as its shorter side has.
struct JacobianShape {
  double samples, rows, widest;
};
JacobianShape ShapeOf(const RunSpec& run) {
  return {static_cast<double>(run.jacobian_samples),
          static_cast<double>(std::min(run.widths.front(), run.widths.back())),
          static_cast<double>(
              *std::max_element(run.widths.begin(), run.widths.end()))};
}

}  // namespace

double PassMemory(const RunSpec& run, double backward) {
  const double entry = run.precision == Precision::kFloat32 ? 4 : 8;
  // Panels are padded: at most to kMaxPanelWidth samples.
  const size_t panels = (run.batch + kMaxPanelWidth - 1) / kMaxPanelWidth;
  const double batch = static_cast<double>(panels * kMaxPanelWidth);
  // X_0 … X_{L−1} and f'(Z) of those behind X_0; Z and what the loss makes of
  // it; delta and its successor.
  double widths = 0, kept = 0, widest = 0, widest_output = 0;
  for (size_t l = 0; l <= run.depth(); ++l) {
    const double padded = static_cast<double>(run.widths[l] + kUnitStep);
    widths += padded;
    if (l < run.depth()) kept += (l > 0 ? 2 : 1) * padded;
    if (l > 0) widest_output = std::max(widest_output, padded);
    widest = std::max(widest, padded);
  }
  const double rows = static_cast<double>(run.depth() + 1);
  const double columns = static_cast<double>(StatisticColumns().size());
  const double tensors =
      batch * entry *
      (kept + 5 * widest_output + backward * (widest_output + widest));
  const double samples = (sizeof(RowMoments) + 32.0) * batch * rows;
  const double statistics =
      rows * (backward * sizeof(RowStatistics) + 8 * columns) + 9 * widths;
  const JacobianShape jacobian = ShapeOf(run);
  const double products =  // J, and what it becomes
      8 * jacobian.samples * 2 * jacobian.rows * jacobian.widest;
  return tensors + samples + statistics + products;
}

double BundleMemory(const RunSpec& run, double jobs) {
  double weights = KeepsWeights(run)
                       ? UnitWeightBytes(run)
                       : jobs * kWeightBlock * kWeightBlock *
                             (run.precision == Precision::kFloat32 ? 4 : 8);
  // The QR holds the draw, the factors, Q and a copy, all in double.
  if (run.init->law == UnitLaw::kOrthogonal) {
    const bool is_float = run.precision == Precision::kFloat32;
    weights += LargestWeightBytes(run) * (1 + 4 * (is_float ? 2 : 1));
  }
  if (run.jacobian_samples > 0) {  // U as it is, and in double
    weights += LargestWeightBytes(run) * 3;
  }
  return weights;
}

double TrainingMemory(const RunSpec& run) {
  const double entry = run.precision == Precision::kFloat32 ? 4 : 8;
  // W, its packed copy, and the velocity; and as it begins, the passes and
  // weights of a run.
  const double copies = run.training.rule.momentum > 0 ? 4 : 3;
  double parameters = 0;
  for (size_t l = 0; l < run.depth(); ++l) {
    parameters += (static_cast<double>(run.widths[l]) + 1) *
                  static_cast<double>(run.widths[l + 1]);
  }
  return parameters * entry * copies + BundleMemory(run, 1) +
         2 * PassMemory(run, 1);
}

double BackwardPasses(const RunSpec& run, size_t runs) {
  return ShareBackward(run, run) ? 1 : static_cast<double>(runs);
}

}  // namespace initscope
