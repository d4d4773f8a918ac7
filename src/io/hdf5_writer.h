// Writing of HDF5 files as initscope's format wants them: variable-length
// UTF-8 strings, a content digest on every dataset, dimension scales.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/matrix.h"
#include "io/hdf5_handle.h"

namespace initscope {

// The values of one column.
using ColumnValues = std::variant<std::vector<double>, std::vector<int64_t>,
                                  std::vector<uint64_t>, std::vector<uint8_t>,
                                  std::vector<std::string>>;

// Every failure is a UserError (kIo) that names the file.
class Hdf5Writer {
 public:
  explicit Hdf5Writer(const std::filesystem::path& path);

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

  // Flushes and closes; the last call.
  void Close();

 private:
  [[noreturn]] void Fail(const std::string& what) const;
  Hdf5Handle Check(hid_t id, Hdf5Handle::Close close,
                   const std::string& what) const;
  void SetAttribute(const std::string& object, const char* name, hid_t type,
                    const std::vector<hsize_t>& shape, const void* value);
  // Writes and leaves the digest of `bytes` on it.
  Hdf5Handle WriteDataset(const std::string& path, hid_t type,
                          const std::vector<hsize_t>& shape, const void* values,
                          bool filtered, const std::string& digest);

  std::string name_;
  Hdf5Silence silence_;
  Hdf5Handle file_;
};

}  // namespace initscope
