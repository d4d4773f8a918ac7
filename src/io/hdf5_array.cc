#include "io/hdf5_array.h"

#include <hdf5.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/sha256.h"
#include "io/byte_source.h"
#include "io/file_kind.h"
#include "io/guarded_read.h"
#include "io/hdf5_handle.h"

namespace initscope {
namespace {

// Opens a gzipped file from memory.
Hdf5Handle OpenImage(ByteSource* source, hid_t access) {
  std::vector<uint8_t> image = source->ReadAll();
  constexpr size_t kIncrement = size_t{1} << 20;
  if (H5Pset_fapl_core(access, kIncrement, false) < 0 ||
      H5Pset_file_image(access, image.data(), image.size()) < 0)
    return {};
  // The image's name must not be that of a file.
  const std::string name = source->path() + "#gunzipped";
  return {H5Fopen(name.c_str(), H5F_ACC_RDONLY, access), H5Fclose};
}

Hdf5Handle OpenFile(const std::string& path) {
  ByteSource source(path);  // throws if the file itself cannot be read
  const FileKind* kind = FindFileKind(source.start());
  if (!kind || kind->format != DataFormat::kHdf5)
    throw DataError(path, "not an HDF5 file{}{}", kind ? " but " : "",
                    kind ? kind->name : "");
  const Hdf5Handle access = UnlockedAccess();
  Hdf5Handle file =
      source.gzipped()
          ? OpenImage(&source, access)
          : Hdf5Handle(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access), H5Fclose);
  if (file.ok()) return file;
  throw DataError(path,
                  "the HDF5 file cannot be opened ({}): it is cut short, "
                  "damaged, or another program is writing it",
                  Quoted(Hdf5Reason(), 100));
}

constexpr size_t kMaxListed = 8;

herr_t AddDataset(hid_t root, const char* name, const H5L_info_t*,
                  void* names) {
  const Hdf5Handle object(H5Oopen(root, name, H5P_DEFAULT), H5Oclose);
  if (!object.ok() || H5Iget_type(object) != H5I_DATASET) return 0;
  auto* list = static_cast<std::vector<std::string>*>(names);
  list->push_back(list->size() < kMaxListed ? fmt::format("/{}", name) : "…");
  return list->size() > kMaxListed;  // 1 ends the visit
}

// "the file has /images, …", for messages.
std::string DatasetsIn(hid_t file) {
  std::vector<std::string> names;
  H5Lvisit(file, H5_INDEX_NAME, H5_ITER_NATIVE, AddDataset, &names);
  if (names.empty()) return "the file has no datasets";
  return "the file has " + Listed(names);
}

std::vector<size_t> ShapeOf(hid_t dataset, const std::string& where) {
  const Hdf5Handle space(H5Dget_space(dataset), H5Sclose);
  const int rank = H5Sget_simple_extent_ndims(space);
  if (rank < 1 || H5Sget_simple_extent_type(space) != H5S_SIMPLE)
    throw DataError(where,
                    "a single value, not an array; its first axis must be the "
                    "samples");
  std::vector<hsize_t> extents(static_cast<size_t>(rank));
  H5Sget_simple_extent_dims(space, extents.data(), nullptr);
  return {extents.begin(), extents.end()};
}

// Whether `type` is the one h5py has for numpy.bool_: an enumeration of one
// byte.
bool IsBool(hid_t type) {
  if (H5Tget_class(type) != H5T_ENUM || H5Tget_size(type) != 1 ||
      H5Tget_nmembers(type) != 2)
    return false;
  int8_t value = 0;
  for (const auto& [name, expected] :
       {std::pair{"FALSE", 0}, std::pair{"TRUE", 1}})
    if (H5Tenum_valueof(type, name, &value) < 0 || value != expected)
      return false;
  return true;
}

// Whether the bits that a number type names lie within its bytes. HDF5 1.10
// does not check it, and crashes if a damaged file names others.
bool IsSound(hid_t type) {
  const size_t offset = static_cast<size_t>(std::max(0, H5Tget_offset(type)));
  const size_t end = offset + H5Tget_precision(type);
  constexpr size_t kLargest = 64;  // bytes
  const size_t size = H5Tget_size(type);
  if (size == 0 || size > kLargest || end == offset || end > 8 * size)
    return false;
  if (H5Tget_class(type) != H5T_FLOAT) return true;
  size_t sign, exponent, exponent_bits, mantissa, mantissa_bits;
  return H5Tget_fields(type, &sign, &exponent, &exponent_bits, &mantissa,
                       &mantissa_bits) >= 0 &&
         sign < end && exponent + exponent_bits <= end &&
         mantissa + mantissa_bits <= end && exponent_bits > 0 &&
         exponent_bits < 64 && mantissa_bits > 0;
}

// The dataset's own number type, but little-endian.
Hdf5Handle ElementType(hid_t dataset, const std::string& where) {
  const Hdf5Handle stored(H5Dget_type(dataset), H5Tclose);
  const H5T_class_t kind = H5Tget_class(stored);
  if (IsBool(stored)) return {H5Tcopy(stored), H5Tclose};
  if (kind != H5T_INTEGER && kind != H5T_FLOAT)
    throw DataError(where, "not a numeric dataset; store integers or floats");
  if (!IsSound(stored))
    throw DataError(where, "its number type is damaged; get the file again");
  Hdf5Handle type(H5Tcopy(stored), H5Tclose);
  if (H5Tset_order(type, H5T_ORDER_LE) < 0)
    throw DataError(where, "HDF5 cannot convert its number type");
  return type;
}

// The number of elements. A dataset that was never written takes no room in the
// file and may claim any size, so this is compared with the machine's memory
// before anything is allocated.
size_t CheckedCount(const std::vector<size_t>& shape, size_t element_size,
                    const std::string& where) {
  std::vector<size_t> extents = shape;
  extents.push_back(std::max(element_size, sizeof(double)));
  const std::optional<size_t> needed = CheckedProduct(extents);
  if (!needed)
    throw DataError(where, "{} numbers do not fit into memory",
                    Listed(shape, " × "));
  CheckFits(static_cast<double>(*needed), where);
  return *needed / extents.back();
}

// Refuses a dataset of which almost nothing is stored. Like gzip data that
// expands 400-fold it repeats itself, or a damaged file overstates its size.
void CheckStored(hid_t dataset, size_t bytes, const std::string& where) {
  constexpr size_t kUnsuspicious = size_t{64} << 20;
  const Hdf5Handle layout(H5Dget_create_plist(dataset), H5Pclose);
  const bool elsewhere =
      H5Pget_layout(layout) == H5D_VIRTUAL || H5Pget_external_count(layout) > 0;
  const size_t stored = H5Dget_storage_size(dataset);
  if (elsewhere || bytes < kUnsuspicious || bytes / 400 < stored) return;
  throw DataError(where,
                  "it has {} MiB, of which the file holds {} KiB: it is "
                  "damaged, or was not written to its end",
                  bytes >> 20, stored >> 10);
}

// Reads the elements into `out`, as they are stored but little-endian, and
// returns the digest of all `bytes` bytes.
std::string ReadDataset(hid_t source, hid_t type, const std::string& where,
                        void* out, size_t bytes) {
  if (bytes > 0 &&
      H5Dread(source, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, out) < 0)
    throw DataError(where,
                    "HDF5 cannot read the dataset ({}): it is damaged, or "
                    "compressed with a filter that is not installed",
                    Quoted(Hdf5Reason(), 100));
  return Sha256Hex(out, bytes);
}

Array Read(const std::string& path, const std::string& dataset) {
  const Hdf5Silence silence;
  const Hdf5Handle file = OpenFile(path);
  if (!dataset.starts_with('/') || dataset == "/")
    throw DataError(path, "name a dataset, as in '{}:/images'; {}",
                    QuotedPath(path), DatasetsIn(file));
  const Hdf5Handle source(H5Dopen2(file, dataset.c_str(), H5P_DEFAULT),
                          H5Dclose);
  if (!source.ok())
    throw DataError(path, "no dataset '{}'; {}", Quoted(dataset),
                    DatasetsIn(file));
  const std::string where = path + ":" + dataset;
  Array array;
  array.shape = ShapeOf(source, where);
  array.from_matlab = H5Aexists(source, "MATLAB_class") > 0;
  const Hdf5Handle type = ElementType(source, where);
  const size_t size = H5Tget_size(type);
  const size_t count = CheckedCount(array.shape, size, where);
  CheckStored(source, count * size, where);
  if (H5Tequal(type, H5T_STD_U8LE) > 0) {
    array.bytes.resize(count);
    array.sha256 = ReadDataset(source, type, where, array.bytes.data(), count);
    return array;
  }
  // They are converted to double in place: an element that is larger than a
  // double takes the room of several.
  const size_t doubles = std::max<size_t>(1, (size + 7) / sizeof(double));
  array.reals.resize(count * doubles);
  array.sha256 =
      ReadDataset(source, type, where, array.reals.data(), count * size);
  if (IsBool(type)) {
    const auto* bytes = reinterpret_cast<const int8_t*>(array.reals.data());
    array.reals = std::vector<double>(bytes, bytes + count);
  } else if (count > 0 &&
             H5Tconvert(type, H5T_NATIVE_DOUBLE, count, array.reals.data(),
                        nullptr, H5P_DEFAULT) < 0) {
    throw DataError(where, "HDF5 cannot convert its number type to double");
  }
  array.reals.resize(count);
  return array;
}

}  // namespace

Array ReadHdf5Array(const std::string& path, const std::string& dataset) {
  // If HDF5 crashes on the file, it does so in a child process first.
  GuardedRead(path, [&] {
    Read(path, dataset);
    return std::string();
  });
  return Read(path, dataset);
}

}  // namespace initscope
