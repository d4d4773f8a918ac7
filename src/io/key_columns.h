// The keys of a results file's runs, column by column.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "io/results_reader.h"

namespace initscope {

// One key of every run.
struct KeyColumn {
  std::string name;
  std::vector<size_t> codes;  // by run: the same for the same value
  // By code: names and whole numbers as they are, others with six digits, or
  // with all where six would make two of them the same.
  std::vector<std::string> texts;
  // All values in words: "relu, tanh"; "0.5, 1"; "0.5 … 2 (41 values)".
  std::string summary;
};

// Those that the columns of `group` ("/runs") have, in the order of Keys().
std::vector<KeyColumn> ReadKeyColumns(const ResultsReader& file,
                                      const std::string& group);

}  // namespace initscope
