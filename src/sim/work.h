// What a sweep does, counted in the parts that its time is made of.
//
// The time is Σ count × seconds of one unit. What dominates large runs is
// measured on this machine (sim/rates.h); the others' seconds stand here,
// measured at kReferenceSeconds, and are scaled by what that takes here.
// `initscope plan` is to be right within a factor of 2.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "sim/run_spec.h"

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
  kLayers,
  kDescents,
  kGeometries,
  kTheoryRows,
  kTheoryPairs,
  kTheoryTables,
  kResults,
  kRuns,
  kMemory,
};

struct PartInfo {
  std::string_view name;
  std::string_view unit;
  double seconds;  // of one unit; 0 where it is measured
};

inline constexpr PartInfo kParts[] = {
    {"products", "flop", 0},
    {"double_products", "flop", 0},
    {"decompositions", "flop", 0},
    {"jacobians", "flop", 0},
    {"draws", "weight", 3e-9},
    {"inputs", "entry of an input or target", 1e-8},
    {"entries", "entry of a layer, forward or backward", 1.5e-9},
    {"samples", "sample of a layer, forward or backward", 3.4e-7},
    {"layers", "layer, forward or backward", 4e-6},
    {"descents", "weight and step", 1.5e-9},
    {"geometries", "flop of inputs' products", 1.2e-10},
    {"theory_rows", "layer of a network", 2e-5},
    {"theory_pairs", "group of pairs of a layer", 3e-7},
    {"theory_tables", "unit of log q of an activation", 0},
    {"results", "number", 8e-8},
    {"runs", "run", 6e-6},
    {"memory", "byte", 1e-10},
};
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
