// Reads a results file: format "initscope-results".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/hdf5_handle.h"

namespace initscope {

// Every failure is a UserError that names the file: kIo if it cannot be
// opened, kData if it is not a results file or is damaged.
class ResultsReader {
 public:
  explicit ResultsReader(const std::string& path);

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

 private:
  [[noreturn]] void Fail(const std::string& what) const;
  Hdf5Handle OpenColumn(const std::string& path) const;
  void Read(const std::string& path, hid_t type, void* values) const;

  std::string name_;
  Hdf5Silence silence_;
  Hdf5Handle file_;
};

}  // namespace initscope
