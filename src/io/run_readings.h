// The columns of a results file that a verdict reads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "io/key_columns.h"
#include "io/results_reader.h"
#include "report/verdict.h"

namespace initscope {

// Whatever the file has not, is NaN: older files lack some statistics, and
// where no theory was asked for there is none.
class RunReadingsColumns {
 public:
  // `keys` are those of /runs. REQUIRES: the file has /runs and /layers.
  RunReadingsColumns(const ResultsReader& file,
                     const std::vector<KeyColumn>& keys);

  // Of rows begin … end − 1 of /layers, which are layers 0 … L of `run`.
  RunReadings Of(size_t begin, size_t end, size_t run) const;

 private:
  RunCurves curves_;
  std::vector<uint64_t> seed_;         // by run
  std::vector<double> unit_roundoff_;  // by run
  std::vector<double> fan_in_, fan_out_, saturated_, dead_, log10_weight_,
      log10_unit_variance_, log10_one_minus_cosine_, delta_abs_mean_,
      bad_forward_, bad_backward_;
};

}  // namespace initscope
