#include "sweep/theory_work.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "sweep/job_runner.h"
#include "sweep/theory_sweep.h"
#include "theory/forward_theory.h"

namespace initscope {
namespace {

// About how many groups the samples and pairs of a batch are put into
// (theory/batch_geometry.h).
struct GroupCounts {
  double paired, classes, pairs, samples;
};
GroupCounts CountGroups(const RunSpec& run) {
  const double pool =
      static_cast<double>(run.batch > 1 ? run.batch : run.batches);
  const double paired =
      std::min(pool, static_cast<double>(BatchGeometry::kMostPaired));
  const double classes =
      std::min(paired, static_cast<double>(BatchGeometry::kClasses));
  const double angles = static_cast<double>(BatchGeometry::kAngles);
  const double members = paired / classes;
  // Pairs with one label and pairs with two are apart.
  const double labels = run.LabelClasses() > 0 ? 2 : 1;
  const double between = std::min(labels * angles, members * members);
  const double within = std::min(labels * angles, members * (members - 1) / 2);
  return {paired, classes,
          classes * (classes - 1) / 2 * between + classes * within,
          std::min(static_cast<double>(run.batch * run.batches),
                   static_cast<double>(BatchGeometry::kSampleGroups))};
}

Work GeometryWork(const RunSpec& run) {
  const double width = static_cast<double>(run.inputs());
  const double paired = CountGroups(run).paired;
  Work work = InputWork(run);
  work[Part::kGeometries] = 2 * paired * paired * width;
  work[Part::kTheoryPairs] = paired * paired / 2;  // to sort them
  return work;
}

// Inserts the unit intervals of log q that the layers of a run pass through.
// The mean-field recursion gives q; a Gaussian rule of five nodes is accurate
// enough to find the interval.
void AddIntervals(const RunSpec& run, std::set<int>* intervals) {
  constexpr double kNode[] = {0, 1.355626179974266, 2.856970013872806};
  constexpr double kWeight[] = {0.533333333333333, 0.222075922005613,
                                0.011257411327721};
  constexpr size_t kMostLayers = 200;
  const NetworkModel model = TheoryModel(run);
  double square = run.input_variance;  // of data, after `standardize`
  double before = HUGE_VAL;
  for (size_t l = 0; l + 1 < std::min(run.depth(), kMostLayers); ++l) {
    const double fan_in = static_cast<double>(run.layers[l].fan_in);
    const double q = std::exp(model.log_scale[l]) * fan_in * square +
                     model.bias_variance[l].ToDouble();
    if (!(q > 0) || !std::isfinite(q)) return;
    const double log_q = std::clamp(std::log(q), -64.0, 63.0);
    intervals->insert(static_cast<int>(std::floor(log_q)));
    if (std::abs(log_q - before) < 1e-4) return;
    before = log_q;
    square = 0;
    for (size_t k = 0; k < std::size(kNode); ++k) {
      const double z = kNode[k] * std::sqrt(q);
      const double a = run.activation->value(z), b = run.activation->value(-z);
      square += kWeight[k] * (a * a + (k == 0 ? 0 : b * b));
    }
  }
}

}  // namespace

Work TheoryWork(const std::vector<RunSpec>& runs) {
  const TheoryInputs inputs(runs);
  Work work;
  for (const RunSpec* run : inputs.first) work.Add(GeometryWork(*run));
  std::map<const Activation*, std::set<int>> intervals;
  for (const std::vector<size_t>& group : TheoryGroups(runs, inputs)) {
    const RunSpec& run = runs[group[0]];
    const GroupCounts counts = CountGroups(run);
    const double layers = static_cast<double>(run.depth());
    const double members = static_cast<double>(group.size());
    // The forward recursion runs once, with a series for each pair where there
    // is no closed form, and the backward recursion once per run.
    const double forward = run.activation->homogeneous ? 1 : 3;
    work[Part::kTheoryPairs] +=
        layers * (counts.pairs + counts.classes) * (forward + members);
    if (!run.activation->homogeneous) {
      AddIntervals(run, &intervals[run.activation]);
    }
  }
  for (const auto& [activation, of_activation] : intervals) {
    work[Part::kTheoryTables] += static_cast<double>(of_activation.size());
  }
  return work;
}

Work BackwardTheoryWork(const RunSpec& run) {
  const GroupCounts counts = CountGroups(run);
  Work work;
  work[Part::kTheoryPairs] =
      static_cast<double>(run.depth()) * (counts.pairs + counts.classes);
  return work;
}

double GeometryMemory(const std::vector<RunSpec>& runs, size_t jobs) {
  std::vector<double> bytes;
  for (const RunSpec* run : TheoryInputs(runs).first) {
    // A batch in double, and the samples that are paired.
    bytes.push_back(
        8 * static_cast<double>(run->inputs()) *
        (static_cast<double>(run->batch) + CountGroups(*run).paired));
  }
  return LargestTogether(std::move(bytes), jobs).together;
}

double ForwardTheoryMemory(const std::vector<RunSpec>& runs) {
  double bytes = 0;
  size_t layers = 0;
  for (const std::vector<size_t>& group :
       TheoryGroups(runs, TheoryInputs(runs))) {
    if (layers > kMostTheoryLayers) break;
    const RunSpec& run = runs[group[0]];
    const GroupCounts counts = CountGroups(run);
    const double of_layer = counts.samples * (sizeof(MeanValues) + 16.0) +
                            counts.classes * sizeof(ClassState) +
                            counts.pairs * sizeof(PairState);
    layers += run.depth();
    bytes += of_layer * static_cast<double>(run.depth());
  }
  return bytes;
}

double TheoryStartMemory(const RunSpec& run) {
  const GroupCounts counts = CountGroups(run);
  // The squares of delta_L and its products with Z_L, at three powers of Z_L².
  return 8 * (4 * (counts.samples + counts.classes) + 3 * counts.pairs);
}

}  // namespace initscope
