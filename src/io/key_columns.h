// The keys of the runs of a results file, column by column.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "io/results_reader.h"

namespace initscope {

// One key of every run.
struct KeyColumn {
  std::string name;
  std::vector<size_t> codes;  // by run; equal values have equal codes
  // By code: names and whole numbers in full, other numbers with six digits, or
  // with all of them if two values would look the same.
  std::vector<std::string> texts;
  // All values in short: "relu, tanh"; "0.5, 1"; "0.5 … 2 (41 values)".
  std::string summary;
};

// The keys among the columns of `group` ("/runs"), in the order of Keys().
std::vector<KeyColumn> ReadKeyColumns(const ResultsReader& file,
                                      const std::string& group);

}  // namespace initscope
