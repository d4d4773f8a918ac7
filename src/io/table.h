// Tables of a results file: groups of columns of the same length.
#pragma once

#include <string>
#include <vector>

#include "io/hdf5_writer.h"
#include "io/results_columns.h"

namespace initscope {

struct Table {
  size_t rows() const;

  std::string group;    // "/layers"
  std::string index;    // its dimension scale: "row"
  std::string counted;  // what a row is: "run, step and layer, from 0"
  std::vector<Column> columns;
};

// Each column with long_name, formula and, for codes, the CF attributes.
// REQUIRES: there is a column, and all have the same length.
void WriteTable(const Table& table, Hdf5Writer* writer);

// The names behind the codes, in /categories.
void WriteCategories(const Table& table, Hdf5Writer* writer);

}  // namespace initscope
