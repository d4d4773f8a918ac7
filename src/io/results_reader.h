// Reads a results file: format "initscope-results".
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace initscope {

// Every failure is a UserError that names the file: kIo if it cannot be
// opened, kData if it is not a results file or is damaged.
class ResultsReader {
 public:
  explicit ResultsReader(const std::string& path);
  ~ResultsReader();

  // Attributes of an object; "" or 0 where there is none.
  std::string Text(const std::string& object, const char* name) const;
  int64_t Number(const std::string& object, const char* name) const;

  bool Has(const std::string& path) const;
  size_t Length(const std::string& path) const;
  // Any numeric column.
  std::vector<double> Numbers(const std::string& path) const;
  std::vector<uint64_t> Wholes(const std::string& path) const;
  // A column of strings, or of codes as the names behind them.
  std::vector<std::string> Names(const std::string& path) const;

  // Throws the UserError of a damaged file.
  [[noreturn]] void Fail(const std::string& what) const;

 private:
  class File;  // keeps HDF5's header out of this one
  std::unique_ptr<File> file_;
};

}  // namespace initscope
