#include "io/hdf5_array.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "base/machine.h"
#include "io/byte_source.h"
#include "io/hdf5_handle.h"

namespace initscope {
namespace {

// A gzipped file is opened from memory.
Hdf5Handle OpenImage(const std::string& path) {
  std::vector<uint8_t> image = ReadBytes(path);
  const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  constexpr size_t kIncrement = size_t{1} << 20;
  if (H5Pset_fapl_core(access, kIncrement, false) < 0 ||
      H5Pset_file_image(access, image.data(), image.size()) < 0)
    return {};
  // The image's name must not be that of a file.
  const std::string name = path + "#gunzipped";
  return {H5Fopen(name.c_str(), H5F_ACC_RDONLY, access), H5Fclose};
}

Hdf5Handle OpenFile(const std::string& path) {
  const bool gzipped = path.ends_with(".gz") || path.ends_with(".GZ");
  Hdf5Handle file =
      gzipped ? OpenImage(path)
              : Hdf5Handle(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT),
                           H5Fclose);
  if (file.ok()) return file;
  if (!gzipped) {
    if (H5Fis_hdf5(path.c_str()) > 0)
      throw DataError(path,
                      "the HDF5 file cannot be opened: it is cut short, or "
                      "another program is writing it");
    ReadBytes(path);  // says so where the file itself cannot be read
  }
  throw DataError(path, "not an HDF5 file");
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

// "it has /images and so on", for an error message.
std::string DatasetsIn(hid_t file) {
  std::vector<std::string> names;
  H5Lvisit(file, H5_INDEX_NAME, H5_ITER_NATIVE, AddDataset, &names);
  if (names.empty()) return "the file has no datasets";
  return fmt::format("the file has {}", Listed(names));
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

// The dataset's own number type, but little-endian.
Hdf5Handle ElementType(hid_t dataset, const std::string& where) {
  const Hdf5Handle stored(H5Dget_type(dataset), H5Tclose);
  const H5T_class_t kind = H5Tget_class(stored);
  if (kind != H5T_INTEGER && kind != H5T_FLOAT)
    throw DataError(where, "not a numeric dataset; store integers or floats");
  Hdf5Handle type(H5Tcopy(stored), H5Tclose);
  if (H5Tset_order(type, H5T_ORDER_LE) < 0)
    throw DataError(where, "HDF5 cannot convert its number type");
  return type;
}

// A dataset that was never written takes no room in the file, so its size may
// be anything: it is held against the machine's memory before it is allocated.
size_t CheckedCount(const std::vector<size_t>& shape, size_t element_size,
                    const std::string& where) {
  std::vector<size_t> extents = shape;
  extents.push_back(std::max(element_size, sizeof(double)));
  const std::optional<size_t> needed = CheckedProduct(extents);
  const size_t memory = static_cast<size_t>(MachineMemory());
  if (!needed || *needed > memory)
    throw DataError(where,
                    fmt::format("{} numbers do not fit into memory ({} MiB)",
                                Listed(shape, " × "), memory >> 20));
  return *needed / extents.back();
}

}  // namespace

Array ReadHdf5Array(const std::string& path, const std::string& dataset) {
  const Hdf5Silence silence;
  const Hdf5Handle file = OpenFile(path);
  if (!dataset.starts_with('/') || dataset == "/")
    throw DataError(path, fmt::format("name a dataset, as in '{}:/images'; {}",
                                      path, DatasetsIn(file)));
  const Hdf5Handle source(H5Dopen2(file, dataset.c_str(), H5P_DEFAULT),
                          H5Dclose);
  if (!source.ok())
    throw DataError(
        path, fmt::format("no dataset '{}'; {}", dataset, DatasetsIn(file)));
  const std::string where = path + ":" + dataset;
  Array array;
  array.shape = ShapeOf(source, where);
  const Hdf5Handle type = ElementType(source, where);
  const size_t size = H5Tget_size(type);
  const size_t count = CheckedCount(array.shape, size, where);

  // Room for the conversion to double, which is done in place.
  std::vector<uint8_t> buffer(count * std::max(size, sizeof(double)));
  if (count > 0 &&
      H5Dread(source, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, buffer.data()) < 0)
    throw DataError(where,
                    "HDF5 cannot read the dataset: it is damaged, or "
                    "compressed with a filter that is not installed");
  Sha256 digest;
  digest.Update(buffer.data(), count * size);
  array.sha256 = digest.HexDigest();
  if (H5Tequal(type, H5T_STD_U8LE) > 0) {
    buffer.resize(count);
    array.bytes = std::move(buffer);
    return array;
  }
  if (count > 0 && H5Tconvert(type, H5T_NATIVE_DOUBLE, count, buffer.data(),
                              nullptr, H5P_DEFAULT) < 0)
    throw DataError(where, "HDF5 cannot convert its number type to double");
  array.reals.resize(count);
  if (count > 0)
    std::memcpy(array.reals.data(), buffer.data(), count * sizeof(double));
  return array;
}

}  // namespace initscope
