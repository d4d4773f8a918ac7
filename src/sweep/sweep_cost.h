// What a sweep costs: memory, which is held against what there is before it
// begins, and work, from which `plan` expects the time.
#pragma once

#include <vector>

#include "spec/run_spec.h"
#include "sweep/work.h"

namespace initscope {

// Bytes at the same time.
struct SweepMemory {
  double total = 0;    // with what the process uses already
  double results = 0;  // of that, until they are written
  double per_job = 0;  // what one more job would add at most
};

// What the libraries and the writing of columns take.
inline constexpr double kProcessMemory = 16e6;

// With `used` bytes in use: the runs themselves, inputs and the program.
SweepMemory EstimateMemory(const std::vector<RunSpec>& runs, size_t jobs,
                           bool theory, double used);

// Bytes that a run's results take until they are written.
double ResultMemory(const RunSpec& run, bool theory);

struct SweepWork {
  Work total;
  Work serial;   // of that, what one job does while the others wait
  Work longest;  // the longest that one job does alone, the others beside it
  size_t bundles = 0;
};
SweepWork CountWork(const std::vector<RunSpec>& runs, size_t jobs, bool theory);

// Of the matrix products, run by run as if each were alone.
double SweepFlops(const std::vector<RunSpec>& runs);

}  // namespace initscope
