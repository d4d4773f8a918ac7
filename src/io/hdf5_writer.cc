#include "io/hdf5_writer.h"

#include <fmt/format.h>
#include <hdf5_hl.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <optional>
#include <type_traits>
#include <utility>

#include "io/column_digest.h"
#include "io/contents_digest.h"
#include "io/dataset_digest.h"
#include "io/hdf5_handle.h"
#include "io/output_error.h"

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
  File(const std::filesystem::path& path, std::string title);

  // `reason` by default HDF5's own.
  [[noreturn]] void Fail(const std::string& what,
                         const std::string& reason = Hdf5Reason()) const;
  void Check(herr_t status, const std::string& what) const {
    if (status < 0) Fail(what);
  }
  Hdf5Handle Own(hid_t id, Hdf5Handle::Close close, const std::string& what);
  Hdf5Handle TextType();
  Hdf5Handle Ordered(hid_t property_class);

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
  void Close();
  void ReadBack(const std::string& contents) const;
  std::string Contents(hid_t file) const;

  const std::string path_, title_;
  Hdf5Silence silence_;
  Hdf5CloseFailure close_failure_;
  Hdf5Handle file_;
  std::vector<std::pair<std::string, std::string>> digests_;  // by path
};

Hdf5Writer::File::File(const std::filesystem::path& path, std::string title)
    : path_(path.string()), title_(std::move(title)) {
  const Hdf5Handle access =
      Own(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "the file");
  Check(H5Pset_libver_bounds(access, H5F_LIBVER_EARLIEST, H5F_LIBVER_V18),
        "the file");
  // Nobody else knows a temporary file, and some file systems have no locks.
  Check(H5Pset_file_locking(access, false, true), "the file");
  file_ = Own(
      H5Fcreate(path_.c_str(), H5F_ACC_TRUNC, Ordered(H5P_FILE_CREATE), access),
      H5Fclose, "the file");
}

void Hdf5Writer::File::Fail(const std::string& what,
                            const std::string& reason) const {
  throw OutputError(ExitCode::kIo, fmt::format("{}: cannot write {}: {}",
                                               title_, what, reason));
}

Hdf5Handle Hdf5Writer::File::Own(hid_t id, Hdf5Handle::Close close,
                                 const std::string& what) {
  if (id < 0) Fail(what);
  return Hdf5Handle(id, close, &close_failure_);
}

Hdf5Handle Hdf5Writer::File::TextType() {
  Hdf5Handle type = Own(H5Tcopy(H5T_C_S1), H5Tclose, "a text");
  Check(H5Tset_size(type, H5T_VARIABLE), "a text");
  Check(H5Tset_cset(type, H5T_CSET_UTF8), "a text");
  return type;
}

// Properties of a file or a group that keeps the order of what is in it.
Hdf5Handle Hdf5Writer::File::Ordered(hid_t property_class) {
  Hdf5Handle creation = Own(H5Pcreate(property_class), H5Pclose, "a group");
  Check(H5Pset_link_creation_order(
            creation, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED),
        "a group");
  return creation;
}

Hdf5Writer::Hdf5Writer(const std::filesystem::path& path, std::string title)
    : file_(std::make_unique<File>(path, std::move(title))) {}

Hdf5Writer::~Hdf5Writer() = default;

void Hdf5Writer::SetText(const std::string& object, const char* name,
                         std::string_view text) {
  file_->SetText(object, name, text);
}

void Hdf5Writer::CreateGroup(const std::string& path) {
  const Hdf5Handle creation = file_->Ordered(H5P_GROUP_CREATE);
  file_->Own(H5Gcreate2(file_->file_, path.c_str(), H5P_DEFAULT, creation,
                        H5P_DEFAULT),
             H5Gclose, path);
}

Hdf5Handle Hdf5Writer::File::WriteDataset(const std::string& path, hid_t type,
                                          const std::vector<hsize_t>& shape,
                                          const void* values, Filters filters,
                                          const std::string& digest) {
  const Hdf5Handle space = Own(
      H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr),
      H5Sclose, path);
  const Hdf5Handle creation =
      Own(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, path);
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
    Check(H5Pset_chunk(creation, static_cast<int>(chunk.size()), chunk.data()),
          path);
    if (filters == Filters::kCompressed) {
      Check(H5Pset_shuffle(creation), path);
      Check(H5Pset_deflate(creation, 1), path);
    }
    Check(H5Pset_fletcher32(creation), path);
  }
  Hdf5Handle dataset = Own(H5Dcreate2(file_, path.c_str(), type, space,
                                      H5P_DEFAULT, creation, H5P_DEFAULT),
                           H5Dclose, path);
  if (size > 0) {
    Check(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), path);
  }
  SetText(path, "sha256", digest);
  digests_.emplace_back(path, digest);
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
          const Hdf5Handle type = file_->TextType();
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
  const Hdf5Handle scale_id = file_->Own(
      H5Dopen2(file_->file_, scale.c_str(), H5P_DEFAULT), H5Dclose, scale);
  file_->Check(H5DSattach_scale(dataset, scale_id, 0), "the scale of " + path);
}

void Hdf5Writer::WriteScale(const std::string& path, uint64_t count,
                            const std::string& long_name) {
  std::vector<int64_t> index(count);
  std::iota(index.begin(), index.end(), int64_t{0});
  const Hdf5Handle dataset = file_->WriteDataset(
      path, H5T_NATIVE_INT64, {count}, index.data(), Filters::kCompressed,
      ColumnDigest(index.data(), index.size() * sizeof(int64_t)));
  const std::string name = path.substr(path.rfind('/') + 1);
  file_->Check(H5DSset_scale(dataset, name.c_str()), path);
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
  const std::string what = fmt::format("the attribute {} of {}", name, object);
  const Hdf5Handle target =
      Own(H5Oopen(file_, object.c_str(), H5P_DEFAULT), H5Oclose, what);
  const Hdf5Handle space =
      Own(shape.empty() ? H5Screate(H5S_SCALAR)
                        : H5Screate_simple(static_cast<int>(shape.size()),
                                           shape.data(), nullptr),
          H5Sclose, what);
  const Hdf5Handle attribute =
      Own(H5Acreate2(target, name, type, space, H5P_DEFAULT, H5P_DEFAULT),
          H5Aclose, what);
  Check(H5Awrite(attribute, type, value), what);
}

void Hdf5Writer::File::SetText(const std::string& object, const char* name,
                               std::string_view text) {
  const Hdf5Handle type = TextType();
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

std::string Hdf5Writer::File::Contents(hid_t file) const {
  return ContentsDigest(
      file, [this](const std::string& what) { Fail("the file", what); });
}

void Hdf5Writer::File::Close() {
  const std::string contents = Contents(file_);
  SetText("/", kContentsDigest, contents);
  Check(H5Fflush(file_, H5F_SCOPE_GLOBAL), "the file");
  file_.CloseNow();
  if (!close_failure_.reason.empty()) Fail("the file", close_failure_.reason);
  ReadBack(contents);
}

void Hdf5Writer::File::ReadBack(const std::string& contents) const {
  const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  const auto fail = [this](const std::string& what) {
    Fail(what, "it cannot be read back: " + Hdf5Reason());
  };
  if (!access.ok() || H5Pset_file_locking(access, false, true) < 0) {
    fail("the file");
  }
  const Hdf5Handle file(H5Fopen(path_.c_str(), H5F_ACC_RDONLY, access),
                        H5Fclose);
  if (!file.ok()) fail("the file");
  const char* const kChanged =
      "something else was read back; the disk or the memory is faulty";
  for (const auto& [path, digest] : digests_) {
    const Hdf5Handle dataset(H5Dopen2(file, path.c_str(), H5P_DEFAULT),
                             H5Dclose);
    if (!dataset.ok()) fail(path);
    const std::optional<std::string> read = DatasetDigest(dataset);
    if (!read) fail(path);
    if (*read != digest) Fail(path, kChanged);
  }
  if (Contents(file) != contents) Fail("the attributes", kChanged);
}

void Hdf5Writer::Close() { file_->Close(); }

}  // namespace initscope
