// Attributes and columns of an open results file, checked before they are
// believed.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/error.h"
#include "io/hdf5_handle.h"
#include "io/hdf5_writer.h"

namespace initscope {

// The path of the file of `object`.
std::string FileName(hid_t object);

// The error (kData) that says what is wrong with the file of `object`; kIo if
// the call of HDF5 before failed as the system refused something.
template <typename... Args>
UserError FileError(hid_t object, fmt::format_string<Args...> what,
                    Args&&... args) {
  const bool is_io = Hdf5FailedInSystem();
  const std::string reason = Hdf5Reason();
  if (is_io) {
    return UserError(ExitCode::kIo, "{}: cannot read the results file: {}",
                     FileName(object), reason);
  }
  return UserError(ExitCode::kData, "{}: {}", FileName(object),
                   fmt::format(what, std::forward<Args>(args)...));
}

// The attribute `name` of the object at the path `object`, if there is one.
// Throws FileError() if it is of another kind, not a single value, or damaged.
std::optional<std::string> TextAttribute(hid_t file, const std::string& object,
                                         const char* name);
std::optional<int64_t> NumberAttribute(hid_t file, const std::string& object,
                                       const char* name);

// The one-dimensional dataset at `path`. Throws FileError() if it does not
// exist, is a link elsewhere, has a type that no column has, claims more values
// than are stored, or does not have the values that its `sha256` vouches for.
ColumnValues ReadColumn(hid_t file, const std::string& path);

}  // namespace initscope
