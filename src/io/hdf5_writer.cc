#include "io/hdf5_writer.h"

#include <fmt/format.h>
#include <hdf5_hl.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <type_traits>

#include "base/error.h"
#include "io/column_digest.h"
#include "io/contents_digest.h"
#include "io/hdf5_handle.h"

namespace initscope {
namespace {

// Smaller datasets are stored in one piece; larger ones in chunks, filtered.
constexpr hsize_t kChunk = 16384;
constexpr hsize_t kSmall = 4096;
enum class Filters { kNone, kChecksum, kCompressed };

// Columns of measured numbers, no two alike, cost ten times as much to compress
// as to write, and shrink by half; the others all but vanish.
template <typename T>
Filters FiltersFor(const std::vector<T>& column) {
  if constexpr (std::is_floating_point_v<T>) {
    size_t repeats = 0;
    for (size_t i = 1; i < column.size(); ++i) {
      repeats += std::memcmp(&column[i], &column[i - 1], sizeof(T)) == 0;
    }
    if (2 * repeats < column.size()) return Filters::kChecksum;
  }
  return Filters::kCompressed;
}

hid_t TypeOf(const double*) { return H5T_NATIVE_DOUBLE; }
hid_t TypeOf(const float*) { return H5T_NATIVE_FLOAT; }
hid_t TypeOf(const int64_t*) { return H5T_NATIVE_INT64; }
hid_t TypeOf(const uint64_t*) { return H5T_NATIVE_UINT64; }
hid_t TypeOf(const uint8_t*) { return H5T_NATIVE_UINT8; }

}  // namespace

class Hdf5Writer::File {
 public:
  explicit File(const std::filesystem::path& path);

  [[noreturn]] void Fail(const std::string& what) const;
  Hdf5Handle Check(hid_t id, Hdf5Handle::Close close,
                   const std::string& what) const;
  void SetAttribute(const std::string& object, const char* name, hid_t type,
                    const std::vector<hsize_t>& shape, const void* value);
  void SetText(const std::string& object, const char* name,
               std::string_view text);
  // Writes and leaves `digest` on it.
  Hdf5Handle WriteDataset(const std::string& path, hid_t type,
                          const std::vector<hsize_t>& shape, const void* values,
                          Filters filters, const std::string& digest);
  template <typename T>
  void WriteMatrix(const std::string& path, ConstMatrixView<T> values) {
    WriteDataset(path, TypeOf(values.data()), {values.rows(), values.cols()},
                 values.data(), Filters::kCompressed,
                 ColumnDigest(values.data(), values.size() * sizeof(T)));
  }

  std::string name_;
  Hdf5Silence silence_;
  Hdf5Handle file_;
};

Hdf5Writer::File::File(const std::filesystem::path& path)
    : name_(path.string()) {
  const Hdf5Handle access =
      Check(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "create a property list");
  H5Pset_libver_bounds(access, H5F_LIBVER_EARLIEST, H5F_LIBVER_V18);
  const Hdf5Handle creation =
      Check(H5Pcreate(H5P_FILE_CREATE), H5Pclose, "create a property list");
  H5Pset_link_creation_order(creation,
                             H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
  file_ = Check(H5Fcreate(name_.c_str(), H5F_ACC_TRUNC, creation, access),
                H5Fclose, "create the file");
}

void Hdf5Writer::File::Fail(const std::string& what) const {
  throw UserError(
      ExitCode::kIo,
      fmt::format("{}: HDF5 cannot {}; is the disk full?", name_, what));
}

Hdf5Handle Hdf5Writer::File::Check(hid_t id, Hdf5Handle::Close close,
                                   const std::string& what) const {
  if (id < 0) Fail(what);
  return Hdf5Handle(id, close);
}

Hdf5Writer::Hdf5Writer(const std::filesystem::path& path)
    : file_(std::make_unique<File>(path)) {}

Hdf5Writer::~Hdf5Writer() = default;

void Hdf5Writer::SetText(const std::string& object, const char* name,
                         std::string_view text) {
  file_->SetText(object, name, text);
}

void Hdf5Writer::CreateGroup(const std::string& path) {
  const Hdf5Handle creation = file_->Check(H5Pcreate(H5P_GROUP_CREATE),
                                           H5Pclose, "create a property list");
  H5Pset_link_creation_order(creation,
                             H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
  file_->Check(H5Gcreate2(file_->file_, path.c_str(), H5P_DEFAULT, creation,
                          H5P_DEFAULT),
               H5Gclose, "create " + path);
}

Hdf5Handle Hdf5Writer::File::WriteDataset(const std::string& path, hid_t type,
                                          const std::vector<hsize_t>& shape,
                                          const void* values, Filters filters,
                                          const std::string& digest) {
  const Hdf5Handle space = Check(
      H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr),
      H5Sclose, "describe " + path);
  const Hdf5Handle creation =
      Check(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, "create a property list");
  const hsize_t size = std::accumulate(shape.begin(), shape.end(), hsize_t{1},
                                       std::multiplies<>());
  if (filters != Filters::kNone && size > kSmall) {
    std::vector<hsize_t> chunk = shape;
    for (size_t i = chunk.size(); i-- > 1;) {
      chunk[i] = std::min(chunk[i], kChunk);
    }
    const hsize_t rest = std::accumulate(chunk.begin() + 1, chunk.end(),
                                         hsize_t{1}, std::multiplies<>());
    chunk[0] = std::clamp<hsize_t>(kChunk / rest, 1, shape[0]);
    H5Pset_chunk(creation, static_cast<int>(chunk.size()), chunk.data());
    if (filters == Filters::kCompressed) {
      H5Pset_shuffle(creation);
      H5Pset_deflate(creation, 1);
    }
    H5Pset_fletcher32(creation);
  }
  Hdf5Handle dataset = Check(H5Dcreate2(file_, path.c_str(), type, space,
                                        H5P_DEFAULT, creation, H5P_DEFAULT),
                             H5Dclose, "create " + path);
  if (size > 0 &&
      H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0) {
    Fail("write " + path);
  }
  SetText(path, "sha256", digest);
  return dataset;
}

void Hdf5Writer::WriteColumn(const std::string& path,
                             const ColumnValues& values,
                             const std::string& scale) {
  const Hdf5Handle dataset = std::visit(
      [&](const auto& column) {
        using Value = typename std::decay_t<decltype(column)>::value_type;
        const std::vector<hsize_t> shape = {column.size()};
        if constexpr (std::is_same_v<Value, std::string>) {
          const Hdf5Handle type =
              file_->Check(H5Tcopy(H5T_C_S1), H5Tclose, "make a string type");
          H5Tset_size(type, H5T_VARIABLE);
          H5Tset_cset(type, H5T_CSET_UTF8);
          std::vector<const char*> pointers;
          for (const std::string& text : column) {
            pointers.push_back(text.c_str());
          }
          return file_->WriteDataset(path, type, shape, pointers.data(),
                                     Filters::kNone, ColumnDigest(column));
        } else {
          return file_->WriteDataset(
              path, TypeOf(column.data()), shape, column.data(),
              FiltersFor(column),
              ColumnDigest(column.data(), column.size() * sizeof(Value)));
        }
      },
      values);
  if (scale.empty()) return;
  const Hdf5Handle scale_id =
      file_->Check(H5Dopen2(file_->file_, scale.c_str(), H5P_DEFAULT), H5Dclose,
                   "open " + scale);
  if (H5DSattach_scale(dataset, scale_id, 0) < 0) {
    file_->Fail("attach the scale of " + path);
  }
}

void Hdf5Writer::WriteScale(const std::string& path, uint64_t count,
                            const std::string& long_name) {
  std::vector<int64_t> index(count);
  std::iota(index.begin(), index.end(), int64_t{0});
  const Hdf5Handle dataset = file_->WriteDataset(
      path, H5T_NATIVE_INT64, {count}, index.data(), Filters::kCompressed,
      ColumnDigest(index.data(), index.size() * sizeof(int64_t)));
  const std::string name = path.substr(path.rfind('/') + 1);
  if (H5DSset_scale(dataset, name.c_str()) < 0) {
    file_->Fail("make a scale of " + path);
  }
  SetText(path, "long_name", long_name);
}

void Hdf5Writer::WriteMatrix(const std::string& path,
                             ConstMatrixView<float> values) {
  file_->WriteMatrix(path, values);
}

void Hdf5Writer::WriteMatrix(const std::string& path,
                             ConstMatrixView<double> values) {
  file_->WriteMatrix(path, values);
}

void Hdf5Writer::File::SetAttribute(const std::string& object, const char* name,
                                    hid_t type,
                                    const std::vector<hsize_t>& shape,
                                    const void* value) {
  const Hdf5Handle target = Check(H5Oopen(file_, object.c_str(), H5P_DEFAULT),
                                  H5Oclose, "open " + object);
  const Hdf5Handle space =
      Check(shape.empty() ? H5Screate(H5S_SCALAR)
                          : H5Screate_simple(static_cast<int>(shape.size()),
                                             shape.data(), nullptr),
            H5Sclose, "describe an attribute");
  const Hdf5Handle attribute = Check(
      H5Acreate2(target, name, type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose,
      fmt::format("create the attribute {} of {}", name, object));
  if (H5Awrite(attribute, type, value) < 0) {
    Fail(fmt::format("write the attribute {} of {}", name, object));
  }
}

void Hdf5Writer::File::SetText(const std::string& object, const char* name,
                               std::string_view text) {
  const Hdf5Handle type =
      Check(H5Tcopy(H5T_C_S1), H5Tclose, "make a string type");
  H5Tset_size(type, H5T_VARIABLE);
  H5Tset_cset(type, H5T_CSET_UTF8);
  const std::string terminated(text);
  const char* pointer = terminated.c_str();
  SetAttribute(object, name, type, {}, &pointer);
}

void Hdf5Writer::SetNumber(const std::string& object, const char* name,
                           int64_t value) {
  file_->SetAttribute(object, name, H5T_NATIVE_INT64, {}, &value);
}

void Hdf5Writer::SetNumber(const std::string& object, const char* name,
                           double value) {
  file_->SetAttribute(object, name, H5T_NATIVE_DOUBLE, {}, &value);
}

void Hdf5Writer::SetCodes(const std::string& object, const char* name,
                          const std::vector<uint8_t>& codes) {
  file_->SetAttribute(object, name, H5T_NATIVE_UINT8, {codes.size()},
                      codes.data());
}

void Hdf5Writer::Close() {
  SetText("/", kContentsDigest,
          ContentsDigest(file_->file_, [&](const std::string& what) {
            file_->Fail("read back what was written: " + what);
          }));
  if (H5Fflush(file_->file_, H5F_SCOPE_GLOBAL) < 0 ||
      !file_->file_.CloseNow()) {
    file_->Fail("write the file");
  }
}

}  // namespace initscope
