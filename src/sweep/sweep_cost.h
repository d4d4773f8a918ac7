// What a sweep costs: its memory, which is compared with the machine's before
// the sweep begins, and its work, from which `plan` predicts the time.
#pragma once

#include <vector>

#include "spec/run_spec.h"
#include "sweep/run_block.h"
#include "sweep/run_cost.h"

namespace initscope {

// Bytes in use at the same time.
struct SweepMemory {
  double total = 0;    // includes what the process already uses
  double results = 0;  // the part of `total` for results until they are written
  double per_job = 0;  // the most that one more job would add
};

// Bytes for the libraries, for writing columns, and for the last huge pages of
// heap and tensors (base/memory.h).
inline constexpr double kProcessMemory = 16.5e6;

// Where the results of finished runs are until all are written.
enum class ResultPlace { kMemory, kStore };

// The memory of a sweep whose runs are told one after another.
class MemoryEstimate {
 public:
  MemoryEstimate(size_t jobs, bool theory, ResultPlace place)
      : jobs_(jobs), theory_(theory), place_(place) {}

  // `seconds`: what the run takes of a processor.
  void Add(const RunSpec& run, double seconds);
  // `used`: bytes that the process already uses, for the list of runs, the
  // inputs and the program.
  SweepMemory Total(double used);

 private:
  void AddBlock();
  // Bytes for results in a store while others are computed, and when all are
  // written or merged.
  struct Stored {
    double computing, ending;
  };
  Stored StoredMemory() const;

  const size_t jobs_;
  const bool theory_;
  const ResultPlace place_;
  RunBlock<RunSpec> block_;  // not counted in `most_` yet
  // Bytes of results: all that they take until they are written, alone, in a
  // file, and those of the largest run.
  double results_ = 0, result_bytes_ = 0, file_bytes_ = 0, most_of_a_run_ = 0;
  double rows_ = 0, other_rows_ = 0;  // of layers, and of another table
  double runs_ = 0;
  double seconds_ = 0;
  double most_ = 0;  // of a block while it is computed
  double per_job_ = 0;
};

// The most bytes for merging what is stored of runs with `rows` rows in the
// table of layers and `other_rows` in another.
double MergeMemory(double runs, double rows, double other_rows = 0);

// Of runs that are computed together, with their results in memory.
SweepMemory EstimateMemory(const std::vector<RunSpec>& runs, size_t jobs,
                           bool theory, double used);

struct SweepWork {
  Work total;
  Work serial;   // the part of `total` that one job does while the others wait
  Work longest;  // the largest bundle or run that a single job does
  size_t bundles = 0;

  void Add(const SweepWork& next);  // computed after it
};
// Of runs that are computed together.
SweepWork CountWork(const std::vector<RunSpec>& runs, size_t jobs, bool theory);

}  // namespace initscope
