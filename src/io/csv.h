// Tables of numbers as comma-separated text.
//
// Numbers are as std::from_chars reads them (no locale; nan and inf too), with
// a '+' and surrounding blanks allowed. Lines end in LF or CRLF; a UTF-8 byte
// order mark and blank lines at the end are skipped. There are no comments.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "io/array.h"

namespace initscope {

struct CsvTable {
  // The names in the header, one per column, unquoted; empty without a header.
  std::vector<std::string> columns;
  Array array;  // rows × columns, in reals; 0 rows where there is but a header
};

// Decodes a CSV file; `path` is for messages. The first line is a header where
// none of its fields is a number. Throws UserError (kData), with path and line,
// for ragged rows, empty fields and words.
CsvTable ParseCsv(std::span<const uint8_t> content, const std::string& path);

}  // namespace initscope
