// Columns of an open HDF5 file, checked before they are believed.
#pragma once

#include <string>

#include "io/hdf5_handle.h"
#include "io/hdf5_writer.h"

namespace initscope {

// The one-dimensional dataset at `path`. Throws the FileError() of one that is
// not there, is a link elsewhere or no dataset of a column's type, claims more
// values than are stored, or has not the values that its `sha256` vouches for.
ColumnValues ReadColumn(hid_t file, const std::string& path);

}  // namespace initscope
