#include "sweep/asymptotics.h"

#include <cmath>

#include "sweep/theory_sweep.h"

namespace initscope {
namespace {

std::optional<LayerVariances> HiddenVariances(const RunSpec& run) {
  if (run.depth() < 3 || run.init->data_dependent) return std::nullopt;
  for (size_t l = 2; l < run.depth(); ++l) {
    if (run.width(l) != run.width(1)) return std::nullopt;
  }
  const auto width = static_cast<double>(run.width(1));
  const double scale = run.Scale(1);
  return LayerVariances{scale * scale * width,
                        TheoryModel(run).bias_variance[1].ToDouble()};
}

}  // namespace

std::optional<Asymptotics> FindAsymptotics(const RunSpec& run,
                                           const TheoryTables& tables) {
  const auto variances = HiddenVariances(run);
  if (!variances || variances->weight == 0) return std::nullopt;
  const ActivationMeans& means = tables.Means(*run.activation);
  Asymptotics found{*variances, FindFixedPoints(means, *variances), {}, {}};
  for (const Attractor& at : found.points.attractors) {
    auto& correlation = found.correlations.emplace_back();
    if (at.q > 0 && std::isfinite(at.q)) {
      correlation = FindFixedCorrelation(means, *variances, at);
    }
  }
  found.critical = CriticalPoints(means, variances->bias);
  return found;
}

double GainOf(const RunSpec& run, const Asymptotics& found,
              const CriticalPoint& point) {
  return run.gain * std::sqrt(point.weight_variance / found.variances.weight);
}

}  // namespace initscope
