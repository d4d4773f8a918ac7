#include "io/stored_column.h"

#include <fmt/format.h>

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "io/column_digest.h"
#include "io/hdf5_attribute.h"
#include "io/hdf5_error.h"
#include "io/hdf5_open.h"
#include "io/stored_type.h"

namespace initscope {
namespace {

// deflate never does better.
constexpr hsize_t kMostCompression = 1032;

// Follows no link to another place or file.
Hdf5Handle OpenColumn(hid_t file, const std::string& path) {
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    H5L_info_t link;
    if (H5Lexists(file, part.c_str(), H5P_DEFAULT) <= 0)
      throw FileError(file, fmt::format("has no column {}", path));
    if (H5Lget_info(file, part.c_str(), &link, H5P_DEFAULT) < 0 ||
        link.type != H5L_TYPE_HARD) {
      throw FileError(
          file,
          fmt::format("{} is a link elsewhere; the file is damaged or was "
                      "changed",
                      part));
    }
    if (end == std::string::npos) break;
  }
  Hdf5Handle object(H5Oopen(file, path.c_str(), H5P_DEFAULT), H5Oclose);
  if (!object.ok()) {
    throw FileError(
        file, fmt::format("the column {} is damaged: {}", path, Hdf5Reason()));
  }
  if (H5Iget_type(object) != H5I_DATASET) {
    throw FileError(
        file,
        fmt::format("{} is not a column; the file is damaged or was changed",
                    path));
  }
  return object;
}

// The number of values, if so many can be stored there.
size_t CheckedLength(hid_t file, hid_t dataset, hid_t type,
                     const std::string& path) {
  const Hdf5Handle space(H5Dget_space(dataset), H5Sclose);
  const Hdf5Handle creation(H5Dget_create_plist(dataset), H5Pclose);
  hsize_t length = 0;
  if (H5Sget_simple_extent_ndims(space) != 1 ||
      H5Sget_simple_extent_dims(space, &length, nullptr) != 1) {
    throw FileError(
        file, fmt::format("the column {} is not one-dimensional; the file is "
                          "damaged or was changed",
                          path));
  }
  const H5D_layout_t layout = H5Pget_layout(creation);
  const hsize_t stored = H5Dget_storage_size(dataset);
  const hsize_t factor = layout == H5D_CHUNKED ? kMostCompression : 1;
  hsize_t filesize = 0;
  H5Fget_filesize(file, &filesize);
  if (layout < H5D_COMPACT || layout > H5D_CHUNKED ||
      H5Pget_external_count(creation) != 0 || stored > filesize ||
      length > factor * stored / H5Tget_size(type)) {
    throw FileError(
        file,
        fmt::format("the column {} says that it has {} values, which are not "
                    "in the file; it is damaged or cut short",
                    path, length));
  }
  return length;
}

template <typename Value>
ColumnValues Read(hid_t file, hid_t dataset, hid_t type, size_t length,
                  const std::string& path) {
  using Raw =
      std::conditional_t<std::is_same_v<Value, std::string>, char*, Value>;
  std::vector<Raw> raw(length);
  if (length > 0 &&
      H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, raw.data()) < 0) {
    throw FileError(
        file, fmt::format("the column {} is damaged: {}", path, Hdf5Reason()));
  }
  std::vector<Value> values;
  std::string digest;
  if constexpr (std::is_same_v<Value, std::string>) {
    for (char* text : raw) {
      values.emplace_back(text == nullptr ? "" : text);
      H5free_memory(text);
    }
    digest = ColumnDigest(values);
  } else {
    values = std::move(raw);
    digest = ColumnDigest(values.data(), length * sizeof(Value));
  }
  if (digest != TextAttribute(file, path, "sha256")) {
    throw FileError(
        file,
        fmt::format("the column {} is damaged: its values are not those of "
                    "its digest",
                    path));
  }
  return values;
}

}  // namespace

ColumnValues ReadColumn(hid_t file, const std::string& path) {
  const Hdf5Handle dataset = OpenColumn(file, path);
  const Hdf5Handle type(H5Dget_type(dataset), H5Tclose);
  const size_t length = CheckedLength(file, dataset, type, path);
  switch (StoredTypeOf(type)) {
    case StoredType::kDouble:
      return Read<double>(file, dataset, type, length, path);
    case StoredType::kInt64:
      return Read<int64_t>(file, dataset, type, length, path);
    case StoredType::kUint64:
      return Read<uint64_t>(file, dataset, type, length, path);
    case StoredType::kUint8:
      return Read<uint8_t>(file, dataset, type, length, path);
    case StoredType::kText:
      if (H5Tis_variable_str(type) > 0) {
        return Read<std::string>(file, dataset, type, length, path);
      }
      break;
    default:
      break;
  }
  throw FileError(
      file,
      fmt::format("the column {} is of a type that results do not have; the "
                  "file is damaged or was changed",
                  path));
}

}  // namespace initscope
