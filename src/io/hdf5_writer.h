// Writes HDF5 files as the results format wants them: variable-length UTF-8
// strings, a digest on every dataset, dimension scales.
//
// A large file is written by HDF5 at any time: in the call that is given the
// values, or when a dataset or the file is closed. Close() reports a failure at
// any of these. Other files are made in memory and written by Close(), in one
// piece. Results are then read back.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/matrix.h"
#include "io/contents_digest.h"
#include "io/hdf5_handle.h"

namespace initscope {

// The values of one column.
using ColumnValues = std::variant<std::vector<double>, std::vector<int64_t>,
                                  std::vector<uint64_t>, std::vector<uint8_t>,
                                  std::vector<std::string>>;

// A part of a sweep is not read back: it is soon gone.
enum class OutputKind { kPart, kSmallResults, kResults };

// Every failure throws an OutputError (kIo), which calls the file `title`.
class Hdf5Writer {
 public:
  Hdf5Writer(const std::filesystem::path& path, std::string title,
             OutputKind kind);

  void CreateGroup(const std::string& path);
  // Writes a one-dimensional dataset.
  void WriteColumn(const std::string& path, const ColumnValues& values);
  // Attaches the last scale to the column just written, of the same length.
  void AttachScale();
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

  // Writes and closes the file. Results it reads back, and compares them with
  // the digests of what was to be written. The last call.
  void Close();

 private:
  using Shape = std::vector<hsize_t>;
  enum class Filters { kNone, kChecksum, kCompressed };

  // The reason is HDF5's own unless given.
  [[noreturn]] void Fail(const std::string& what,
                         const std::string& reason = Hdf5Reason()) const;
  void Check(herr_t status, const std::string& what) const {
    if (status < 0) Fail(what);
  }
  Hdf5Handle Own(hid_t id, Hdf5Handle::Close close, const std::string& what);
  hid_t TextType();
  Hdf5Handle Ordered(hid_t property_class);
  Hdf5Handle Space(const Shape& shape, const std::string& what);
  // Properties of a dataset in chunks.
  Hdf5Handle InChunks(const Shape& shape, Filters filters,
                      const std::string& path);
  // `bytes` of the value are those of the digest (Contents::AddAttribute()).
  void SetAttribute(const std::string& object, const char* name, hid_t type,
                    const Shape& shape, const void* value,
                    std::string_view bytes);
  template <typename T>
  void SetNumbers(const std::string& object, const char* name,
                  const Shape& shape, const T* values);
  // Writes a dataset with the attribute sha256 = `digest`, and leaves it in
  // target_.
  void WriteDataset(const std::string& path, hid_t type, const Shape& shape,
                    const void* values, Filters filters,
                    const std::string& digest);
  template <typename T>
  void WriteNumbers(const std::string& path, const Shape& shape,
                    const T* values, Filters filters);
  template <typename T>
  static Filters FiltersFor(const std::vector<T>& column);
  // Returns the digest of the file.
  std::string WriteImage() const;
  void ReadBack() const;

  const std::string path_, title_;
  const OutputKind kind_;
  Hdf5Silence silence_;
  Hdf5CloseFailure close_failure_;
  Hdf5Handle text_type_;
  Hdf5Handle file_;
  Hdf5Handle scale_;
  Hdf5Handle target_;      // the object whose attributes are being set
  std::string described_;  // its path
  Contents contents_;
  std::map<std::string, std::string> digests_;  // of datasets, by path
};

}  // namespace initscope
