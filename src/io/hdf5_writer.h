// Writing of HDF5 files as initscope's format wants them: variable-length
// UTF-8 strings, a content digest on every dataset, dimension scales.
//
// HDF5 writes when it likes: in the call that was given the values, when a
// dataset is closed, when the file is. Close() tells of any failure on the way
// and then reads the file back.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/matrix.h"

namespace initscope {

// The values of one column.
using ColumnValues = std::variant<std::vector<double>, std::vector<int64_t>,
                                  std::vector<uint64_t>, std::vector<uint8_t>,
                                  std::vector<std::string>>;

// Every failure is an OutputError (kIo) that calls the file `title`.
class Hdf5Writer {
 public:
  Hdf5Writer(const std::filesystem::path& path, std::string title);
  ~Hdf5Writer();

  void CreateGroup(const std::string& path);
  // A one-dimensional dataset. With `scale`, the path of a dimension scale of
  // the same length, it is attached to that.
  void WriteColumn(const std::string& path, const ColumnValues& values,
                   const std::string& scale);
  // The index 0 … count−1 as a dimension scale of this name.
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

  // Flushes, closes, and compares every dataset, read from the file, with the
  // digest of what was to be written; the last call.
  void Close();

 private:
  class File;  // keeps HDF5's header out of this one
  std::unique_ptr<File> file_;
};

}  // namespace initscope
