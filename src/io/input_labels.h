// The labels of a data set: numbers, one-hot rows or words.
#pragma once

#include <string>

#include "io/csv.h"
#include "io/data_path.h"
#include "spec/input_data.h"

namespace initscope {

// Sets the labels of `data` from `table.labels`, or from the table's array if
// there are none. Words are numbered in the order of their bytes; a one-hot row
// has the index of its 1 as its label. `whole_file`: the table is a file of
// labels, whose first line may be a header. `path` is for messages. Throws
// UserError (kData) unless there is one such label per sample.
// REQUIRES: data->samples is set.
void SetLabels(const CsvTable& table, bool whole_file, const std::string& path,
               InputData* data);

}  // namespace initscope
