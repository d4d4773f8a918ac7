#include "io/hdf5_attribute.h"

#include <fmt/format.h>

#include <cstring>

#include "io/hdf5_error.h"
#include "io/hdf5_open.h"
#include "io/stored_type.h"

namespace initscope {
namespace {

herr_t IsName(hid_t, const char* name, const H5A_info_t*, void* sought) {
  return std::strcmp(name, static_cast<const char*>(sought)) == 0;
}

// Whether an object lists an attribute. One that a damaged index does not find
// by its name may still be listed.
bool IsListed(hid_t file, const std::string& object, const char* name) {
  return H5Aiterate_by_name(file, object.c_str(), H5_INDEX_NAME, H5_ITER_NATIVE,
                            nullptr, IsName, const_cast<char*>(name),
                            H5P_DEFAULT) != 0;
}

// Not ok() where there is none.
Hdf5Handle OpenAttribute(hid_t file, const std::string& object,
                         const char* name) {
  const htri_t exists =
      H5Aexists_by_name(file, object.c_str(), name, H5P_DEFAULT);
  if (exists == 0 && !IsListed(file, object, name)) return {};
  Hdf5Handle attribute(
      H5Aopen_by_name(file, object.c_str(), name, H5P_DEFAULT, H5P_DEFAULT),
      H5Aclose);
  if (!attribute.ok()) {
    throw FileError(
        file, fmt::format("the attribute {} of {} cannot be read: {}", name,
                          object, Hdf5Reason()));
  }
  const Hdf5Handle space(H5Aget_space(attribute), H5Sclose);
  if (H5Sget_simple_extent_npoints(space) != 1) {
    throw FileError(
        file,
        fmt::format("the attribute {} of {} is not a single value; the file "
                    "is damaged",
                    name, object));
  }
  return attribute;
}

}  // namespace

std::optional<std::string> TextAttribute(hid_t file, const std::string& object,
                                         const char* name) {
  const Hdf5Handle attribute = OpenAttribute(file, object, name);
  if (!attribute.ok()) return {};
  const Hdf5Handle type(H5Aget_type(attribute), H5Tclose);
  if (StoredTypeOf(type) != StoredType::kText) {
    throw FileError(
        file, fmt::format("the attribute {} of {} is not a text; the file is "
                          "damaged",
                          name, object));
  }
  std::string text;
  bool is_read;
  if (H5Tis_variable_str(type) > 0) {
    char* pointer = nullptr;
    is_read = H5Aread(attribute, type, &pointer) >= 0 && pointer != nullptr;
    if (is_read) {
      text = pointer;
      H5free_memory(pointer);
    }
  } else {
    text.resize(H5Tget_size(type));
    is_read = H5Aread(attribute, type, text.data()) >= 0;
    text = text.c_str();  // up to the zero byte that pads it
  }
  if (!is_read) {
    throw FileError(
        file, fmt::format("the attribute {} of {} cannot be read: {}", name,
                          object, Hdf5Reason()));
  }
  return text;
}

std::optional<int64_t> NumberAttribute(hid_t file, const std::string& object,
                                       const char* name) {
  const Hdf5Handle attribute = OpenAttribute(file, object, name);
  if (!attribute.ok()) return {};
  const Hdf5Handle type(H5Aget_type(attribute), H5Tclose);
  int64_t value = 0;
  if (H5Tget_class(type) != H5T_INTEGER ||
      H5Aread(attribute, H5T_NATIVE_INT64, &value) < 0) {
    throw FileError(
        file,
        fmt::format("the attribute {} of {} is not a whole number; the file "
                    "is damaged",
                    name, object));
  }
  return value;
}

}  // namespace initscope
