// The labels of a data set: numbers, one-hot rows or words.
#pragma once

#include <string>

#include "io/csv.h"
#include "io/data_path.h"
#include "spec/input_data.h"

namespace initscope {

// Sets the labels of `data` from a table: those in `table.labels` where there
// are any, else its array. Words are numbered in the order of their bytes, and
// a one-hot row is the label of its 1. `whole_file` says that the table is a
// file of labels, whose first line may be a header. `path` is for messages.
// Throws UserError (kData) for labels that are not one a sample, or none of the
// above. REQUIRES: data->samples is set.
void SetLabels(const CsvTable& table, bool whole_file, const std::string& path,
               InputData* data);

}  // namespace initscope
