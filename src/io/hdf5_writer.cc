#include "io/hdf5_writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <hdf5_hl.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <future>
#include <numeric>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/sha256.h"
#include "io/closing_line.h"
#include "io/output_file.h"

namespace initscope {
namespace {

using std::string_view_literals::operator""sv;

// Datasets of up to kSmall values are stored in one piece, as are those of
// parts, which are soon gone; larger ones in chunks of kChunk values, which
// pass through filters.
constexpr hsize_t kChunk = 16384;
constexpr hsize_t kSmall = 4096;

hsize_t SizeOf(std::span<const hsize_t> shape) {
  return std::accumulate(shape.begin(), shape.end(), hsize_t{1},
                         std::multiplies<>());
}

herr_t KeepInMemory(hid_t access, OutputKind kind) {
  // HDF5 clears each step, and may copy all that is before it.
  const size_t step = size_t{1} << (kind == OutputKind::kPart ? 20 : 16);
  return H5Pset_fapl_core(access, step, /*backing_store=*/false);
}

hid_t TypeOf(const double*) { return H5T_NATIVE_DOUBLE; }
hid_t TypeOf(const float*) { return H5T_NATIVE_FLOAT; }
hid_t TypeOf(const int64_t*) { return H5T_NATIVE_INT64; }
hid_t TypeOf(const uint64_t*) { return H5T_NATIVE_UINT64; }
hid_t TypeOf(const uint8_t*) { return H5T_NATIVE_UINT8; }

}  // namespace

Hdf5Writer::Hdf5Writer(const std::filesystem::path& path, std::string title,
                       OutputKind kind)
    : path_(path.string()), title_(std::move(title)), kind_(kind) {
  // Nobody else knows the temporary file, so it needs no lock.
  const Hdf5Handle access = UnlockedAccess();
  if (!access.ok()) Fail("the file");
  Check(H5Pset_libver_bounds(access, H5F_LIBVER_EARLIEST, H5F_LIBVER_V18),
        "the file");
  if (kind_ != OutputKind::kResults)
    Check(KeepInMemory(access, kind_), "the file");
  file_ = Own(
      H5Fcreate(path_.c_str(), H5F_ACC_TRUNC, Ordered(H5P_FILE_CREATE), access),
      H5Fclose, "the file");
  contents_.AddGroup("/");
}

void Hdf5Writer::Fail(const std::string& what,
                      const std::string& reason) const {
  throw OutputError(ExitCode::kIo, "{}: cannot write {}: {}", title_, what,
                    reason);
}

Hdf5Handle Hdf5Writer::Own(hid_t id, Hdf5Handle::Close close,
                           const std::string& what) {
  if (id < 0) Fail(what);
  return Hdf5Handle(id, close, &close_failure_);
}

hid_t Hdf5Writer::TextType() {
  if (!text_type_.ok()) {
    text_type_ = Own(H5Tcopy(H5T_C_S1), H5Tclose, "a text");
    Check(H5Tset_size(text_type_, H5T_VARIABLE), "a text");
    Check(H5Tset_cset(text_type_, H5T_CSET_UTF8), "a text");
  }
  return text_type_;
}

// Properties of a file or group that keeps its members in the order of their
// creation.
Hdf5Handle Hdf5Writer::Ordered(hid_t property_class) {
  Hdf5Handle creation = Own(H5Pcreate(property_class), H5Pclose, "a group");
  Check(H5Pset_link_creation_order(
            creation, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED),
        "a group");
  return creation;
}

Hdf5Handle Hdf5Writer::Space(const Shape& shape, const std::string& what) {
  return Own(shape.empty() ? H5Screate(H5S_SCALAR)
                           : H5Screate_simple(static_cast<int>(shape.size()),
                                              shape.data(), nullptr),
             H5Sclose, what);
}

Hdf5Handle Hdf5Writer::InChunks(const Shape& shape, Filters filters,
                                const std::string& path) {
  Hdf5Handle creation = Own(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, path);
  Shape chunk = shape;
  for (size_t i = 1; i < chunk.size(); ++i) {
    chunk[i] = std::min(chunk[i], kChunk);
  }
  const hsize_t rest = SizeOf(std::span(chunk).subspan(1));
  chunk[0] = std::clamp<hsize_t>(kChunk / rest, 1, shape[0]);
  Check(H5Pset_chunk(creation, static_cast<int>(chunk.size()), chunk.data()),
        path);
  if (filters == Filters::kCompressed) {
    Check(H5Pset_shuffle(creation), path);
    Check(H5Pset_deflate(creation, 1), path);
  }
  Check(H5Pset_fletcher32(creation), path);
  return creation;
}

void Hdf5Writer::WriteDataset(const std::string& path, hid_t type,
                              const Shape& shape, const void* values,
                              Filters filters, const std::string& digest) {
  const Hdf5Handle space = Space(shape, path);
  const hsize_t size = SizeOf(shape);
  Hdf5Handle creation;
  if (kind_ != OutputKind::kPart && filters != Filters::kNone &&
      size > kSmall) {
    creation = InChunks(shape, filters, path);
  }
  target_ = Own(
      H5Dcreate2(file_, path.c_str(), type, space, H5P_DEFAULT,
                 creation.ok() ? hid_t{creation} : H5P_DEFAULT, H5P_DEFAULT),
      H5Dclose, path);
  described_ = path;
  contents_.Add(path, shape, StoredType(type));
  if (size > 0) {
    Check(H5Dwrite(target_, type, H5S_ALL, H5S_ALL, InSmallPieces(), values),
          path);
  }
  SetText(path, "sha256", digest);
  digests_[path] = digest;
}

template <typename T>
void Hdf5Writer::WriteNumbers(const std::string& path, const Shape& shape,
                              const T* values, Filters filters) {
  WriteDataset(path, TypeOf(values), shape, values, filters,
               Sha256Hex(values, SizeOf(shape) * sizeof(T)));
}

// Columns of measured numbers, hardly two of them equal, take ten times as long
// to compress as to write, and shrink only by half. All other columns almost
// vanish.
template <typename T>
Hdf5Writer::Filters Hdf5Writer::FiltersFor(const std::vector<T>& column) {
  if constexpr (std::is_floating_point_v<T>) {
    size_t repeats = 0;
    for (size_t i = 1; i < column.size(); ++i) {
      repeats += std::memcmp(&column[i], &column[i - 1], sizeof(T)) == 0;
    }
    if (2 * repeats < column.size()) return Filters::kChecksum;
  }
  return Filters::kCompressed;
}

void Hdf5Writer::SetAttribute(const std::string& object, const char* name,
                              hid_t type, const Shape& shape, const void* value,
                              std::string_view bytes) {
  const std::string what = fmt::format("the attribute {} of {}", name, object);
  if (object != described_) {
    target_ = Own(H5Oopen(file_, object.c_str(), H5P_DEFAULT), H5Oclose, what);
    described_ = object;
  }
  const Hdf5Handle attribute =
      Own(H5Acreate2(target_, name, type, Space(shape, what), H5P_DEFAULT,
                     H5P_DEFAULT),
          H5Aclose, what);
  Check(H5Awrite(attribute, type, value), what);
  contents_.AddAttribute(object, name, shape, StoredType(type), bytes);
}

template <typename T>
void Hdf5Writer::SetNumbers(const std::string& object, const char* name,
                            const Shape& shape, const T* values) {
  std::string bytes(reinterpret_cast<const char*>(values),
                    SizeOf(shape) * sizeof(T));
  bytes.push_back('\0');
  SetAttribute(object, name, TypeOf(values), shape, values, bytes);
}

void Hdf5Writer::SetText(const std::string& object, const char* name,
                         std::string_view text) {
  const std::string terminated = std::string(text) + '\0';
  const char* pointer = terminated.c_str();
  SetAttribute(object, name, TextType(), {}, &pointer, terminated);
}

void Hdf5Writer::ReadBack() const {
  const auto fail = [this](const std::string& what) {
    Fail(what, "it cannot be read back: " + Hdf5Reason());
  };
  const Hdf5Handle access = UnlockedAccess();
  if (!access.ok() ||
      (kind_ != OutputKind::kResults && KeepInMemory(access, kind_) < 0)) {
    fail("the file");
  }
  const Hdf5Handle file(H5Fopen(path_.c_str(), H5F_ACC_RDONLY, access),
                        H5Fclose);
  if (!file.ok()) fail("the file");
  const char* const kChanged =
      "something else was read back; the disk or the memory is faulty";
  const std::string contents = ContentsDigest(
      file, [this](const std::string& what) { Fail("the file", what); },
      [&](const std::string& path, hid_t dataset) {
        const std::optional<std::string> read = DatasetDigest(dataset);
        if (!read) fail(path);
        const auto digest = digests_.find(path);
        if (digest == digests_.end() || digest->second != *read) {
          Fail(path, kChanged);
        }
      });
  if (contents != contents_.Digest()) Fail("the attributes", kChanged);
}

void Hdf5Writer::CreateGroup(const std::string& path) {
  Own(H5Gcreate2(file_, path.c_str(), H5P_DEFAULT, Ordered(H5P_GROUP_CREATE),
                 H5P_DEFAULT),
      H5Gclose, path);
  contents_.AddGroup(path);
}

void Hdf5Writer::WriteColumn(const std::string& path,
                             const ColumnValues& values) {
  std::visit(
      [&](const auto& column) {
        using Value = typename std::decay_t<decltype(column)>::value_type;
        if constexpr (std::is_same_v<Value, std::string>) {
          std::vector<const char*> pointers;
          for (const std::string& text : column) {
            pointers.push_back(text.c_str());
          }
          WriteDataset(path, TextType(), {column.size()}, pointers.data(),
                       Filters::kNone, ValuesDigest(column));
        } else {
          WriteNumbers(path, {column.size()}, column.data(),
                       FiltersFor(column));
        }
      },
      values);
}

void Hdf5Writer::AttachScale() {
  Check(H5DSattach_scale(target_, scale_, 0), "the scale of " + described_);
}

void Hdf5Writer::WriteScale(const std::string& path, uint64_t count,
                            const std::string& long_name) {
  std::vector<int64_t> index(count);
  std::iota(index.begin(), index.end(), int64_t{0});
  WriteNumbers(path, {count}, index.data(), Filters::kCompressed);
  const std::string name = path.substr(path.rfind('/') + 1);
  Check(H5DSset_scale(target_, name.c_str()), path);
  contents_.AddAttribute(path, "CLASS", {}, "text", "DIMENSION_SCALE\0"sv);
  contents_.AddAttribute(path, "NAME", {}, "text", name + '\0');
  SetText(path, "long_name", long_name);
  scale_ = std::move(target_);
  described_.clear();
}

void Hdf5Writer::WriteMatrix(const std::string& path,
                             ConstMatrixView<float> values) {
  WriteNumbers(path, {values.rows(), values.cols()}, values.data(),
               Filters::kCompressed);
}

void Hdf5Writer::WriteMatrix(const std::string& path,
                             ConstMatrixView<double> values) {
  WriteNumbers(path, {values.rows(), values.cols()}, values.data(),
               Filters::kCompressed);
}

void Hdf5Writer::SetNumber(const std::string& object, const char* name,
                           int64_t value) {
  SetNumbers(object, name, {}, &value);
}

void Hdf5Writer::SetNumber(const std::string& object, const char* name,
                           double value) {
  SetNumbers(object, name, {}, &value);
}

void Hdf5Writer::SetCodes(const std::string& object, const char* name,
                          const std::vector<uint8_t>& codes) {
  SetNumbers(object, name, {codes.size()}, codes.data());
}

std::string Hdf5Writer::WriteImage() const {
  // Where the driver has the file; H5Fget_file_image() would copy it.
  void* memory = nullptr;
  const ssize_t size = H5Fget_file_image(file_, nullptr, 0);
  if (size < 0 || H5Fget_vfd_handle(file_, H5P_DEFAULT, &memory) < 0) {
    Fail("the file");
  }
  const std::string_view image(*static_cast<const char**>(memory),
                               static_cast<size_t>(size));
  const int error = WriteBytes(path_, O_TRUNC, image);
  if (error != 0) Fail("the file", std::strerror(error));
  return Sha256Hex(image.data(), image.size());
}

void Hdf5Writer::Close() {
  SetText("/", kContentsDigest, contents_.Digest());
  target_.CloseNow();
  scale_.CloseNow();
  Check(H5Fflush(file_, H5F_SCOPE_GLOBAL), "the file");
  std::string digest;
  if (kind_ != OutputKind::kResults) digest = WriteImage();
  file_.CloseNow();
  if (!close_failure_.reason.empty()) {
    Fail("the file", close_failure_.reason);
  }
  std::future<std::string> of_file;  // by a thread if there is one
  if (kind_ == OutputKind::kResults) of_file = std::async(DigestOfFile, path_);
  if (kind_ != OutputKind::kPart) ReadBack();
  try {
    AppendClosingLine(path_, of_file.valid() ? of_file.get() : digest);
  } catch (const UserError& error) {
    Fail("the file", error.what());
  }
}

}  // namespace initscope
