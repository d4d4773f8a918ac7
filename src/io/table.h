// Tables of a results file: groups of columns of one length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "io/hdf5_writer.h"

namespace initscope {

struct Column {
  std::string name;
  std::string long_name;
  ColumnValues values;
  std::string formula = {};  // "" if there is none
  // For a column of codes: the names behind 0, 1, 2 …
  std::vector<std::string> categories = {};
  // A key of the experiment; the file then says whether it is swept.
  bool is_key = false;
};

struct Table {
  size_t rows() const;

  std::string group;    // "/layers"
  std::string index;    // its dimension scale: "row"
  std::string counted;  // what a row is: "run, step and layer, from 0"
  std::vector<Column> columns;
};

// Makes columns of a number of rows, one after another.
class ColumnMaker {
 public:
  explicit ColumnMaker(size_t rows) : rows_(rows) {}

  // Adds the column get(0), get(1), … whose type is that of get().
  template <typename Get>
  void Add(const std::string& name, const std::string& long_name, Get get,
           const std::string& formula = "") {
    std::vector<std::decay_t<decltype(get(size_t{}))>> values;
    values.reserve(rows_);
    for (size_t row = 0; row < rows_; ++row) values.push_back(get(row));
    columns_.push_back({name, long_name, std::move(values), formula});
  }

  void Add(Column column) { columns_.push_back(std::move(column)); }
  void Append(std::vector<Column> columns) {
    for (Column& column : columns) columns_.push_back(std::move(column));
  }

  // The columns so far; the last call.
  std::vector<Column> Take() { return std::move(columns_); }

 private:
  size_t rows_;
  std::vector<Column> columns_;
};

// Whole numbers are stored with a sign.
inline int64_t Whole(size_t value) { return static_cast<int64_t>(value); }

// Whether there is more than one value.
bool IsSwept(const ColumnValues& values);

// Creates the group and its dimension scale, of `rows` rows.
void BeginTable(const Table& table, size_t rows, Hdf5Writer* writer);
// Writes a column of a table that has begun, with its long_name, its formula
// and, for codes, the CF attributes.
void WriteTableColumn(const Table& table, const Column& column,
                      Hdf5Writer* writer);
// Both, for all columns. REQUIRES: there is a column, and all have one length.
void WriteTable(const Table& table, Hdf5Writer* writer);

// Writes the names behind the codes of the table to /categories.
void WriteCategories(const Table& table, Hdf5Writer* writer);

}  // namespace initscope
