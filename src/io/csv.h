// Tables of numbers as comma-separated text.
//
// Numbers are as std::from_chars reads them (no locale; nan and inf too), with
// a '+', quotation marks and surrounding blanks allowed; what is below the
// smallest double is 0. Lines end in LF, CRLF or CR; a UTF-8 byte order mark
// and blank lines at the end are skipped. There are no comments.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "io/array.h"
#include "io/byte_source.h"

namespace initscope {

struct CsvTable {
  // The names in the header, one per column, unquoted; empty without a header.
  // Without that of the labels.
  std::vector<std::string> columns;
  Array array;  // rows × columns, in reals; 0 rows where there is but a header
  std::vector<std::string> labels;  // the fields of the column of labels
  size_t labels_line = 0;           // where they begin, from 1
  size_t labels_column = 0;         // counted from 0
  // Says so where line 1 was read as numbers but may be a header; else "".
  std::string doubt;
};

// Decodes a CSV file. The first line is a header where none of its fields is a
// number. The fields of the column called `label_column` (if not "") may be
// words, and are kept as labels instead of in the array. Throws UserError
// (kData), with path and line, for ragged rows, empty fields, words, and a
// first line that may be a header or not. REQUIRES: nothing was read of
// `source`.
CsvTable ReadCsv(ByteSource* source, std::string_view label_column = {});

// The same of a file of labels: those of a single column, words or numbers, are
// in `labels`, the first line with them; several columns are in `array`.
CsvTable ReadCsvLabels(ByteSource* source);

// The number that all of `field` spells, blanks and quotation marks aside; a
// double that is too large is infinite.
bool ReadCsvNumber(std::string_view field, double* number);

// Whether `field` is a word for what is missing: NA, null, ?, …
bool IsMissingCsvField(std::string_view field);

}  // namespace initscope
