// What one run costs: its work, counted in the parts that its time is made of,
// and its memory.
//
//     time = Σ count × seconds of one unit
//
// kParts has the seconds of every unit. Some are measured when `plan` asks
// (sweep/rates.h); for these kParts has the factor on the measured value. The
// others were fitted on one machine to the CPU times of 63 sweeps of 0.03 to
// 5 s, but for inputs, copies, entries, results and runs, which profiles gave;
// rates.cc scales them by the time of a small run here and on that machine.
// scripts/tests/helpers/plan_accuracy.py shows how well all of it holds.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

#include "spec/run_spec.h"

namespace initscope {

enum class Part {
  kProducts,        // forward, backward and for weight gradients, in float32
  kDoubleProducts,  // the same in float64
  kDecompositions,  // QR for orthogonal draws
  kJacobians,       // products and bidiagonalizations
  kDraws,           // of weights in float32
  kDoubleDraws,     // the same in float64
  kInputs,          // drawn
  kCopies,          // of samples of a file
  kEntries,
  kSamples,
  kGeometries,
  kTheoryPairs,
  kTheoryTables,
  kResults,
  kRuns,
  kMemory,
};

struct PartInfo {
  std::string_view name;
  std::string_view unit;
  double measured;  // factor on the seconds measured here; 0 if not measured
  double seconds;   // on the machine of the fit
};

inline constexpr PartInfo kParts[] = {
    {"products", "flop", 1.3, 1.5e-11},
    {"double_products", "flop", 1.4, 3e-11},
    {"decompositions", "flop", 0.7, 1.5e-10},
    {"jacobians", "flop", 0.8, 1e-10},
    {"draws", "weight", 0, 1e-9},
    {"double_draws", "weight", 1, 1.6e-8},
    {"inputs", "entry of an input or target", 0, 1.6e-8},
    {"copies", "entry of a file's sample or label", 0, 2.5e-9},
    {"entries", "entry of a layer, forward or backward", 0, 1.4e-9},
    {"samples", "sample of a layer, forward or backward", 0, 1e-7},
    {"geometries", "flop of inputs' products", 0, 1.2e-10},
    {"theory_pairs", "group of pairs of a layer", 0, 1.7e-7},
    {"theory_tables", "unit of log q of an activation", 0.6, 1e-3},
    {"results", "number", 0, 1.1e-7},
    {"runs", "run", 0, 3e-5},
    {"memory", "byte", 1, 5e-10},
};
// What the small run of sweep/rates.cc took on the machine of the fit.
inline constexpr double kReferenceSeconds = 1.67e-4;

inline constexpr size_t kPartCount = std::size(kParts);

class Work {
 public:
  double& operator[](Part part) { return counts_[static_cast<size_t>(part)]; }
  double operator[](Part part) const {
    return counts_[static_cast<size_t>(part)];
  }
  // Adds `times` times `other`.
  void Add(const Work& other, double times = 1);
  Work ScaledBy(double factor) const {
    Work work;
    work.Add(*this, factor);
    return work;
  }

 private:
  std::array<double, kPartCount> counts_ = {};
};

// Costs of a run that shares nothing; CountWork() (sweep/sweep_cost.h) knows
// what runs share.
Work InputWork(const RunSpec& run);   // of all batches
Work TargetWork(const RunSpec& run);  // likewise
Work ForwardWork(const RunSpec& run);
Work BackwardWork(const RunSpec& run);
Work WeightWork(const RunSpec& run);  // drawing U
Work JacobianWork(const RunSpec& run);
Work TrainingWork(const RunSpec& run);
// The writing of results, and what every run takes beside all of the above.
Work ResultWork(const RunSpec& run, bool theory);

// Seconds of one core for a run that shares nothing but its theory's forward
// recursion, on the machine of the fit.
double RunSeconds(const RunSpec& run, bool theory);

// Rows in the table of layers.
double LayerRows(const RunSpec& run);
// Rows in the larger of the tables of steps and of singular values.
double OtherRows(const RunSpec& run);

// Flop of the matrix products of a run that shares nothing.
double RunFlops(const RunSpec& run);

// The number of backward passes that some runs with one forward pass make.
double BackwardPasses(const std::vector<RunSpec>& runs,
                      const std::vector<size_t>& pass);

// Bytes of one forward pass like the run's and `backward` backward passes.
double PassMemory(const RunSpec& run, double backward);
// Of these, what forward passes of a bundle take one after another.
double SharedPassMemory(const RunSpec& run);
// Bytes of a run while it is trained.
double TrainingMemory(const RunSpec& run);
// Bytes of a run's results until they are written.
double ResultMemory(const RunSpec& run, bool theory);
// What RunResult::Bytes() will be.
double ResultBytes(const RunSpec& run, bool theory);
// Bytes of a run's results in a file, before any compression.
double FileBytes(const RunSpec& run, bool theory);

}  // namespace initscope
