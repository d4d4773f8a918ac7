#include "sweep/cost.h"

#include <algorithm>

#include "engine/engines.h"
#include "engine/sharing.h"
#include "engine/statistics.h"
#include "linalg/packed_batch.h"

namespace initscope {
namespace {

// Of the products that J comes of: as many rows as its shorter side has.
struct JacobianShape {
  double samples, rows, widest;
};
JacobianShape ShapeOf(const RunSpec& run) {
  return {static_cast<double>(run.jacobian_samples),
          static_cast<double>(std::min(run.inputs(), run.outputs())),
          static_cast<double>(run.widest())};
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
    const double padded = static_cast<double>(run.width(l) + kUnitStep);
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

double TrainingMemory(const RunSpec& run) {
  const double entry = run.precision == Precision::kFloat32 ? 4 : 8;
  // W, its packed copy, and the velocity; and as it begins, the passes and
  // weights of a run.
  const double copies = run.training.rule.momentum > 0 ? 4 : 3;
  double parameters = run.weights();
  for (const LayerSpec& layer : run.layers) {
    parameters += static_cast<double>(layer.fan_out);  // biases
  }
  return parameters * entry * copies + EngineOf(run).bytes(run, 1) +
         2 * PassMemory(run, 1);
}

double BackwardPasses(const RunSpec& run, size_t runs) {
  return ShareBackward(run, run) ? 1 : static_cast<double>(runs);
}

}  // namespace initscope
