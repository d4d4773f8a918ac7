#include "check/gradient_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "check/analytic_rounding.h"
#include "check/checked_entries.h"
#include "check/entry_gradient.h"
#include "check/plain_network.h"
#include "check/rounding_noise.h"
#include "spec/run_id.h"

namespace initscope {
namespace {

constexpr double kSafety = 4;
constexpr double kResolved = 0.01;

// The largest |entry| that is not NaN. A NaN comes from an infinity elsewhere,
// or is an error of the engine.
double LargestEntry(const Matrix<double>& x) {
  double largest = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double entry = std::abs(x.data()[i]);
    if (entry > largest) largest = entry;
  }
  return largest;
}

// Adds entry (i, j), whose analytic gradient may differ from D(h) by `bound`.
void Record(size_t i, size_t j, double analytic, const CentralDifference& d,
            double bound, TensorCheck* check) {
  const double error = std::abs(analytic - d.derivative);
  const bool fails = !(error <= bound);
  check->scale = std::max(check->scale, std::abs(d.derivative));
  // Only the kink keeps the step too small for a useful bound.
  const double without = std::ldexp(bound, -d.halvings);
  const double told = kResolved * check->scale;
  if (!fails && d.near_kink && bound > told && without <= told) {
    ++check->at_kink;
    return;
  }
  ++check->checked;
  check->is_constant = check->is_constant && d.is_constant;
  check->loosest_bound = std::max(check->loosest_bound, bound);
  const bool is_worst = fails ? check->failed == 0 || !(error <= check->Error())
                              : check->failed == 0 && error >= check->Error();
  check->failed += fails;
  if (!is_worst) return;
  check->row = i;
  check->col = j;
  check->analytic = analytic;
  check->numeric = d.derivative;
  check->bound = bound;
  check->step = d.step;
}

TensorCheck Check(GradientTensor t, const EngineGradients& gradients,
                  const PlainNetwork& network, const EntryGradient& entries,
                  StopFlag stop) {
  const Matrix<double>& analytic = t.In(gradients);
  TensorCheck check;
  check.name = t.Name();
  check.rows = analytic.rows();
  check.cols = analytic.cols();
  check.scale = LargestEntry(analytic);
  const size_t count = CheckedCount(
      analytic.size(),
      DifferenceFlops(t.kind, t.layer, network.parameters().network,
                      network.samples()));
  ChangedPass pass(network);
  int halvings = 12;
  for (const size_t k : CheckedEntries(analytic, count)) {
    stop.Check();
    const size_t i = k / check.cols, j = k % check.cols;
    const CentralDifference d = entries.Difference(t, i, j, halvings, &pass);
    if (d.at_kink) {
      ++check.at_kink;
      continue;
    }
    halvings = d.halvings;  // the next entry needs a similar step
    Record(i, j, analytic(i, j), d,
           kSafety * (d.bound + entries.Rounding(t, i, j)), &check);
  }
  return check;
}

// Refuses numbers whose products in the bounds might leave the range of double.
void CheckRange(const RunSpec& run, const PlainNetwork& network,
                const std::vector<Matrix<double>>& sensitivity) {
  constexpr double kMost = 1e150;
  double largest = LargestEntry(network.z(network.depth()));
  for (size_t l = 1; l < network.depth(); ++l) {
    largest = std::max(
        {largest, LargestEntry(network.z(l)), LargestEntry(sensitivity[l])});
  }
  if (largest <= kMost) return;
  RefuseRun(run,
            fmt::format("pre-activations or gradients reach {:.0e}, beyond "
                        "what differences in double can tell; lower gain "
                        "or depth",
                        largest));
}

}  // namespace

bool TensorCheck::resolved() const {
  return scale == 0 ? is_constant : loosest_bound <= kResolved * scale;
}

std::vector<std::string> GradientReport::Failed() const {
  std::vector<std::string> names;
  if (!loss_ok()) names.emplace_back("loss");
  for (const TensorCheck& tensor : tensors) {
    if (!tensor.ok()) names.push_back(tensor.name);
  }
  return names;
}

GradientReport CheckGradients(const RunSpec& run,
                              const EngineGradients& gradients, Jobs jobs) {
  PlainNetwork network(gradients.parameters);
  if (!std::isfinite(network.Loss())) {
    RefuseRun(run,
              fmt::format("the loss is {}: the logits overflow; lower gain "
                          "or depth",
                          network.Loss()));
  }
  const std::vector<Matrix<double>> sensitivity = Sensitivities(gradients);
  CheckRange(run, network, sensitivity);
  for (size_t l = 1; l < network.depth(); ++l) {
    jobs.stop.Check();
    network.IgnoreKinks(l, sensitivity[l]);
  }
  const RoundingNoise noise(network, gradients.delta, sensitivity);
  jobs.stop.Check();
  GradientReport report;
  report.loss = gradients.loss;
  report.plain_loss = network.Loss();
  report.loss_bound = kSafety * noise.OfAll();
  const std::vector<GradientTensor> tensors = GradientTensors(network.depth());
  report.tensors.resize(tensors.size());
  const AnalyticRounding rounding(gradients, network, noise, sensitivity);
  jobs.stop.Check();
  const EntryGradient entries(gradients, network, noise, rounding);
  ParallelFor(tensors.size(), jobs, [&](size_t t) {
    report.tensors[t] =
        Check(tensors[t], gradients, network, entries, jobs.stop);
  });
  return report;
}

double GradientCheckMemory(const RunSpec& run) {
  // W and dW; X_l, Z_l, delta_l, ∂loss/∂X_l, their roundings, and which kinks
  // matter.
  return 8 *
         (2 * run.weights() + 9 * run.units() * static_cast<double>(run.batch));
}

double GradientCheckFlops(const RunSpec& run) {
  double flops = 0;
  for (const GradientTensor t : GradientTensors(run.depth())) {
    const double each = DifferenceFlops(t.kind, t.layer, run, run.batch);
    const size_t rows = t.kind == GradientKind::kDelta    ? run.batch
                        : t.kind == GradientKind::kWeight ? run.width(t.layer)
                                                          : 1;
    const size_t cols =
        run.width(t.kind == GradientKind::kDelta ? t.layer : t.layer + 1);
    flops += each * static_cast<double>(CheckedCount(rows * cols, each));
  }
  return flops;
}

}  // namespace initscope
