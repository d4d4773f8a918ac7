// Writes HDF5 files as the results format wants them: variable-length UTF-8
// strings, a digest on every dataset, dimension scales.
//
// HDF5 may write at any time: in the call that is given the values, or when a
// dataset or the file is closed. Close() reports a failure at any of these and
// then reads the file back.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/matrix.h"

namespace initscope {

// The values of one column.
using ColumnValues = std::variant<std::vector<double>, std::vector<int64_t>,
                                  std::vector<uint64_t>, std::vector<uint8_t>,
                                  std::vector<std::string>>;

// Every failure throws an OutputError (kIo), which calls the file `title`.
class Hdf5Writer {
 public:
  Hdf5Writer(const std::filesystem::path& path, std::string title);
  ~Hdf5Writer();

  void CreateGroup(const std::string& path);
  // Writes a one-dimensional dataset. `scale`: "", or the path of a dimension
  // scale of the same length, which is attached to it.
  void WriteColumn(const std::string& path, const ColumnValues& values,
                   const std::string& scale);
  // Writes the index 0 … count − 1 as a dimension scale.
  void WriteScale(const std::string& path, uint64_t count,
                  const std::string& long_name);
  void WriteMatrix(const std::string& path, ConstMatrixView<float> values);
  void WriteMatrix(const std::string& path, ConstMatrixView<double> values);

  void SetText(const std::string& object, const char* name,
               std::string_view text);
  void SetNumber(const std::string& object, const char* name, int64_t value);
  void SetNumber(const std::string& object, const char* name, double value);
  void SetCodes(const std::string& object, const char* name,
                const std::vector<uint8_t>& codes);

  // Flushes and closes the file, reads it back and compares every dataset with
  // the digest of what was to be written. The last call.
  void Close();

 private:
  class File;  // keeps HDF5's header out of this one
  std::unique_ptr<File> file_;
};

}  // namespace initscope
