// What a sweep costs: its memory, which is compared with the machine's before
// the sweep begins, and its work, from which `plan` predicts the time.
#pragma once

#include <vector>

#include "spec/run_spec.h"
#include "sweep/run_cost.h"

namespace initscope {

// Bytes in use at the same time.
struct SweepMemory {
  double total = 0;    // includes what the process already uses
  double results = 0;  // the part of `total` for results until they are written
  double per_job = 0;  // the most that one more job would add
};

// Bytes for the libraries and for writing columns.
inline constexpr double kProcessMemory = 16e6;

// `used`: bytes that the process already uses, for the list of runs, the inputs
// and the program.
SweepMemory EstimateMemory(const std::vector<RunSpec>& runs, size_t jobs,
                           bool theory, double used);

struct SweepWork {
  Work total;
  Work serial;   // the part of `total` that one job does while the others wait
  Work longest;  // the largest bundle or run that a single job does
  size_t bundles = 0;
};
SweepWork CountWork(const std::vector<RunSpec>& runs, size_t jobs, bool theory);

// Flop of the matrix products if no run shared any.
double SweepFlops(const std::vector<RunSpec>& runs);

}  // namespace initscope
