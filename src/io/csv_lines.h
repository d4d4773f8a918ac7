// The lines of a CSV file, and their fields.
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
  // REQUIRES: nothing has been read from `source` yet.
  explicit CsvLines(ByteSource* source);

  // Sets `line` to the next line, without its end; valid until the next call.
  // Returns false at the end. Throws UserError (kData) for an empty line
  // between others and for a zero byte.
  bool Next(std::string_view* line);

  size_t number() const { return number_; }  // of that line, from 1
  size_t bytes() const { return bytes_; }    // of all lines so far

 private:
  UserError Error(const std::string& what) const;
  void Fill();
  bool NextOrEmpty(std::string_view* line);

  ByteSource* source_;
  std::vector<char> buffer_;
  size_t begin_ = 0, end_ = 0;  // the part of the buffer still to come
  bool at_end_ = false;
  size_t number_ = 0;
  size_t bytes_ = 0;
};

// The error (kData) that says what is wrong in a line of the file at `path`.
UserError LineError(const std::string& path, size_t line,
                    const std::string& what);

struct CsvField {
  std::string text;  // without the quotation marks and blanks around it
  bool quoted = false;
};

// Takes the first field off `*rest`, with the comma behind it. A quoted field
// may hold commas, and "" in it stands for ". `*more` says whether another
// field follows. Returns what is wrong, or "".
std::string TakeField(std::string_view* rest, CsvField* field, bool* more);

}  // namespace initscope
