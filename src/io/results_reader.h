// Reads a results file: format "initscope-results".
//
// Nothing that the file says is believed before it was checked: the digest of
// the whole (io/contents_digest.h; files from before there was one lack it),
// and of each column its type, its extent against what is stored, its digest
// and its length against the other columns of its group. HDF5 itself may still
// crash on a damaged file: see io/guarded_read.h.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "io/hdf5_writer.h"

namespace initscope {

// Every failure is a UserError that names the file: kIo if it cannot be
// opened, kData if it is not a results file, of a newer version, or damaged.
class ResultsReader {
 public:
  explicit ResultsReader(const std::string& path);
  ~ResultsReader();

  // Attributes of an object; "" or 0 where there is none.
  std::string Text(const std::string& object, const char* name) const;
  int64_t Number(const std::string& object, const char* name) const;

  bool Has(const std::string& path) const;
  // A column as it is stored.
  ColumnValues Column(const std::string& path) const;
  // Of a column of numbers.
  std::vector<double> Numbers(const std::string& path) const;
  // Of a column of whole numbers, none of them negative.
  std::vector<uint64_t> Wholes(const std::string& path) const;
  // Of a column of strings, or of codes the names behind them.
  std::vector<std::string> Names(const std::string& path) const;
  // Of the columns of a group, which has its dimension scale `scale`.
  size_t Length(const std::string& scale) const;

  // Throws the UserError of a damaged file.
  [[noreturn]] void Fail(const std::string& what) const;

 private:
  class File;  // keeps HDF5's header out of this one
  std::unique_ptr<File> file_;
};

}  // namespace initscope
