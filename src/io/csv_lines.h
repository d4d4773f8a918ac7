// The lines of a CSV file, one after another, and the fields of one.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "io/byte_source.h"

namespace initscope {

// Lines end in LF, CRLF or CR. A byte order mark is skipped, as are empty lines
// at the end.
class CsvLines {
 public:
  // REQUIRES: nothing was read of `source`.
  explicit CsvLines(ByteSource* source);

  // The next line, without its end; valid until the next call. False at the
  // end. Throws UserError (kData) for an empty line between others and a zero
  // byte.
  bool Next(std::string_view* line);

  size_t number() const { return number_; }  // of that line, from 1
  size_t bytes() const { return bytes_; }    // of all lines so far

 private:
  UserError Error(const std::string& what) const;
  bool Fill();
  bool NextOrEmpty(std::string_view* line);

  ByteSource* source_;
  std::vector<char> buffer_;
  size_t begin_ = 0, end_ = 0;  // what of the buffer is not yet given
  size_t line_feed_ = 0;        // the first one at or after begin_, or end_
  bool at_end_ = false;
  size_t number_ = 0;
  size_t bytes_ = 0;
};

struct CsvField {
  std::string text;  // without quotation marks and blanks around it
  bool quoted = false;
};

// Takes the first field off `*rest`, and the comma behind it. A quoted field
// may hold commas, and "" in it stands for ". Returns what is wrong, or "".
// `*more` says whether another field follows.
std::string TakeField(std::string_view* rest, CsvField* field, bool* more);

}  // namespace initscope
