// Tables of numbers as comma-separated text.
//
// Numbers are those of std::from_chars (no locale; nan and inf too), with a
// '+', quotation marks and surrounding blanks allowed; what is below the
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
  // The names in the header, one per column, unquoted, without that of the
  // labels; empty without a header.
  std::vector<std::string> columns;
  Array array;  // rows × columns, in reals; 0 rows if there is only a header
  std::vector<std::string> labels;  // the fields of the column of labels
  size_t labels_line = 0;           // the line of the first label, from 1
  size_t labels_column = 0;         // counted from 0
  // If line 1 was read as numbers but may be a header, a note that says so.
  std::string doubt;
};

struct CsvOptions {
  // The column with this name ("" for none) may hold words; its fields become
  // the labels and are no part of the array.
  std::string label_column = "";
  // The file holds labels. Those of a single column, words or numbers, become
  // the labels, its first line among them; several columns become the array.
  bool labels_file = false;
};

// Decodes a CSV file. The first line is a header if none of its fields is a
// number. Throws UserError (kData), with path and line, for ragged rows, empty
// fields, words, and a first line that is probably a header but holds numbers.
// REQUIRES: nothing has been read from `source` yet.
CsvTable ReadCsv(ByteSource* source, const CsvOptions& options = {});

// Reads the number that all of `field` spells, except blanks and quotation
// marks; beyond the range of doubles it is infinite. Returns whether there is
// one.
bool ReadCsvNumber(std::string_view field, double* number);

// Whether `field` marks a missing value: NA, null, ?, …
bool IsMissingCsvField(std::string_view field);

}  // namespace initscope
