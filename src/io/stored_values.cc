#include "io/stored_values.h"

#include <hdf5.h>

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>

#include "io/contents_digest.h"

namespace initscope {
namespace {

herr_t IsName(hid_t, const char* name, const H5A_info_t*, void* sought) {
  return std::strcmp(name, static_cast<const char*>(sought)) == 0;
}

// Whether an object lists an attribute, even one that a damaged index does not
// find by its name.
bool IsListed(hid_t from, const std::string& object, const char* name) {
  return H5Aiterate_by_name(from, object.c_str(), H5_INDEX_NAME, H5_ITER_NATIVE,
                            nullptr, IsName, const_cast<char*>(name),
                            H5P_DEFAULT) != 0;
}

// An attribute of a single value of `object`, as it is named from `from`; not
// ok() if there is none of this name. Messages call the object `title`.
Hdf5Handle OpenAttribute(hid_t from, const std::string& object,
                         const std::string& title, const char* name) {
  const htri_t exists =
      H5Aexists_by_name(from, object.c_str(), name, H5P_DEFAULT);
  if (exists == 0 && !IsListed(from, object, name)) return {};
  Hdf5Handle attribute(
      H5Aopen_by_name(from, object.c_str(), name, H5P_DEFAULT, H5P_DEFAULT),
      H5Aclose);
  if (!attribute.ok()) {
    throw FileError(from, "the attribute {} of {} cannot be read: {}", name,
                    title, Hdf5Reason());
  }
  const Hdf5Handle space(H5Aget_space(attribute), H5Sclose);
  if (H5Sget_simple_extent_npoints(space) != 1) {
    throw FileError(from,
                    "the attribute {} of {} is not a single value; the file is "
                    "damaged",
                    name, title);
  }
  return attribute;
}

// A text, likewise.
std::optional<std::string> TextOf(hid_t from, const std::string& object,
                                  const std::string& title, const char* name) {
  const Hdf5Handle attribute = OpenAttribute(from, object, title, name);
  if (!attribute.ok()) return {};
  const Hdf5Handle type(H5Aget_type(attribute), H5Tclose);
  if (StoredType(type) != "text") {
    throw FileError(from,
                    "the attribute {} of {} is not a text; the file is damaged",
                    name, title);
  }
  const Hdf5Handle space(H5Aget_space(attribute), H5Sclose);
  const auto texts = ReadTexts(
      type, space, [&](void* out) { return H5Aread(attribute, type, out); });
  if (!texts) {
    throw FileError(from, "the attribute {} of {} cannot be read: {}", name,
                    title, Hdf5Reason());
  }
  return texts->front();
}

// Opens a column; follows no link to another place or file.
Hdf5Handle OpenColumn(hid_t file, const std::string& path) {
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    H5L_info_t link;
    if (H5Lget_info(file, part.c_str(), &link, H5P_DEFAULT) < 0) {
      throw FileError(file, "has no column {}", path);
    }
    if (link.type != H5L_TYPE_HARD) {
      throw FileError(file,
                      "{} is a link elsewhere; the file is damaged or was "
                      "changed",
                      part);
    }
    if (end == std::string::npos) break;
  }
  Hdf5Handle object(H5Oopen(file, path.c_str(), H5P_DEFAULT), H5Oclose);
  if (!object.ok()) {
    throw FileError(file, "the column {} is damaged: {}", path, Hdf5Reason());
  }
  if (H5Iget_type(object) != H5I_DATASET) {
    throw FileError(
        file, "{} is not a column; the file is damaged or was changed", path);
  }
  return object;
}

// The number of values, if the file can hold that many.
size_t CheckedLength(hid_t file, hid_t dataset, hid_t type,
                     const std::string& path) {
  const Hdf5Handle space(H5Dget_space(dataset), H5Sclose);
  const Hdf5Handle creation(H5Dget_create_plist(dataset), H5Pclose);
  hsize_t length = 0;
  if (H5Sget_simple_extent_ndims(space) != 1 ||
      H5Sget_simple_extent_dims(space, &length, nullptr) != 1) {
    throw FileError(file,
                    "the column {} is not one-dimensional; the file is damaged "
                    "or was changed",
                    path);
  }
  constexpr hsize_t kMostCompression = 1032;  // deflate never does better
  const H5D_layout_t layout = H5Pget_layout(creation);
  const hsize_t stored = H5Dget_storage_size(dataset);
  const hsize_t factor = layout == H5D_CHUNKED ? kMostCompression : 1;
  hsize_t filesize = 0;
  H5Fget_filesize(file, &filesize);
  if (layout < H5D_COMPACT || layout > H5D_CHUNKED ||
      H5Pget_external_count(creation) != 0 || stored > filesize ||
      length > factor * stored / H5Tget_size(type)) {
    throw FileError(file,
                    "the column {} says that it has {} values, which are not "
                    "in the file; it is damaged or cut short",
                    path, length);
  }
  return length;
}

// The values of a column; nothing if they cannot be read.
template <typename Value, typename Read>
std::optional<std::vector<Value>> ReadValues(hid_t type, hid_t space,
                                             size_t length, const Read& read) {
  if constexpr (std::is_same_v<Value, std::string>) {
    return ReadTexts(type, space, read);
  } else {
    std::vector<Value> values(length);
    if (length > 0 && read(values.data()) < 0) return {};
    return values;
  }
}

template <typename Value>
ColumnValues CheckedRead(hid_t file, hid_t dataset, hid_t type,
                         const std::string& path) {
  const Hdf5Handle space(H5Dget_space(dataset), H5Sclose);
  const size_t length = CheckedLength(file, dataset, type, path);
  auto values = ReadValues<Value>(type, space, length, [&](void* out) {
    return H5Dread(dataset, type, H5S_ALL, H5S_ALL, InSmallPieces(), out);
  });
  if (!values) {
    throw FileError(file, "the column {} is damaged: {}", path, Hdf5Reason());
  }
  if (ValuesDigest(*values) != TextOf(dataset, ".", path, "sha256")) {
    throw FileError(
        file,
        "the column {} is damaged: its values are not those of its digest",
        path);
  }
  return std::move(*values);
}

}  // namespace

std::string FileName(hid_t object) {
  const ssize_t size = H5Fget_name(object, nullptr, 0);
  std::string name(static_cast<size_t>(std::max<ssize_t>(size, 0)), '\0');
  H5Fget_name(object, name.data(), name.size() + 1);
  return name;
}

std::optional<std::string> TextAttribute(hid_t file, const std::string& object,
                                         const char* name) {
  return TextOf(file, object, object, name);
}

std::optional<int64_t> NumberAttribute(hid_t file, const std::string& object,
                                       const char* name) {
  const Hdf5Handle attribute = OpenAttribute(file, object, object, name);
  if (!attribute.ok()) return {};
  const Hdf5Handle type(H5Aget_type(attribute), H5Tclose);
  int64_t value = 0;
  if (H5Tget_class(type) != H5T_INTEGER ||
      H5Aread(attribute, H5T_NATIVE_INT64, &value) < 0) {
    throw FileError(file,
                    "the attribute {} of {} is not a whole number; the file is "
                    "damaged",
                    name, object);
  }
  return value;
}

ColumnValues ReadColumn(hid_t file, const std::string& path) {
  const Hdf5Handle dataset = OpenColumn(file, path);
  const Hdf5Handle type(H5Dget_type(dataset), H5Tclose);
  const std::string_view stored = StoredType(type);
  if (stored == "<f8") return CheckedRead<double>(file, dataset, type, path);
  if (stored == "<i8") return CheckedRead<int64_t>(file, dataset, type, path);
  if (stored == "<u8") return CheckedRead<uint64_t>(file, dataset, type, path);
  if (stored == "|u1") return CheckedRead<uint8_t>(file, dataset, type, path);
  if (stored == "text" && H5Tis_variable_str(type) > 0) {
    return CheckedRead<std::string>(file, dataset, type, path);
  }
  throw FileError(file,
                  "the column {} is of a type that results do not have; the "
                  "file is damaged or was changed",
                  path);
}

}  // namespace initscope
