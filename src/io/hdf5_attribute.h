// Attributes of the objects of an open HDF5 file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "io/hdf5_handle.h"

namespace initscope {

// The attribute `name` of the object at the path `object`, if there is one.
// Throws the FileError() of one that is of another kind, not a single value, or
// damaged.
std::optional<std::string> TextAttribute(hid_t file, const std::string& object,
                                         const char* name);
std::optional<int64_t> NumberAttribute(hid_t file, const std::string& object,
                                       const char* name);

}  // namespace initscope
