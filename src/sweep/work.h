// What a sweep does, counted in the parts that its time is made of.
//
// The time is Σ count × seconds of one unit. All seconds stand here: of a unit
// of what is measured when it is asked for (sweep/rates.h), as a multiple of
// what was measured; of the others those of the machine where they were fitted
// to the CPU times of 63 sweeps, of 0.03 to 5 s (all within a factor of 1.8),
// scaled by what a small run takes here and took there.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "spec/run_spec.h"

namespace initscope {

enum class Part {
  kProducts,        // forward, backward and of weight gradients
  kDoubleProducts,  // of runs in float64
  kDecompositions,  // QR of orthogonal draws
  kJacobians,       // their products and bidiagonalizations
  kDraws,
  kInputs,
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
  double measured;  // times what was measured here, or 0
  double seconds;   // if not measured
};

inline constexpr PartInfo kParts[] = {
    {"products", "flop", 1.3, 0},
    {"double_products", "flop", 1.4, 0},
    {"decompositions", "flop", 0.7, 0},
    {"jacobians", "flop", 0.7, 0},
    {"draws", "weight", 0, 1e-9},
    {"inputs", "entry of an input or target", 0, 4.5e-9},
    {"entries", "entry of a layer, forward or backward", 0, 6.5e-10},
    {"samples", "sample of a layer, forward or backward", 0, 1e-7},
    {"geometries", "flop of inputs' products", 0, 1.2e-10},
    {"theory_pairs", "group of pairs of a layer", 0, 1.7e-7},
    {"theory_tables", "unit of log q of an activation", 0.6, 0},
    {"results", "number", 0, 5.5e-8},
    {"runs", "run", 0, 1e-6},
    {"memory", "byte", 0, 7.4e-10},
};
// What the small run of sweep/rates.cc took there.
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
  Work Times(double factor) const;

 private:
  std::array<double, kPartCount> counts_ = {};
};

// Of one run alone; see Scheduler for what runs share. Inputs and targets are
// those of all batches.
Work ForwardWork(const RunSpec& run);   // and its inputs
Work BackwardWork(const RunSpec& run);  // and its targets
Work WeightWork(const RunSpec& run);    // of drawing U
Work JacobianWork(const RunSpec& run);
Work TrainingWork(const RunSpec& run);
// What is written, and what a run is else.
Work ResultWork(const RunSpec& run, bool theory);

// Of the matrix products of a run, flop: what it computes if it runs alone.
double RunFlops(const RunSpec& run);

}  // namespace initscope
