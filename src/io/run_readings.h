// The columns of a results file that a verdict reads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "io/results_reader.h"
#include "sim/verdict.h"

namespace initscope {

// Whatever the file has not, is NaN: older files lack some statistics, and
// where no theory was asked for there is none.
class RunReadingsColumns {
 public:
  // REQUIRES: the file has /runs and /layers.
  explicit RunReadingsColumns(const ResultsReader& file);

  // Of rows begin … end − 1 of /layers, which are layers 0 … L of `run`.
  RunReadings Of(size_t begin, size_t end, size_t run) const;

 private:
  RunCurves curves_;
  std::vector<uint64_t> seed_;          // by run
  std::vector<std::string> precision_;  // by run; empty where it is not known
  std::vector<double> fan_in_, fan_out_, saturated_, dead_, log10_weight_,
      log10_unit_variance_, log10_one_minus_cosine_, delta_abs_mean_,
      bad_forward_, bad_backward_;
};

}  // namespace initscope
