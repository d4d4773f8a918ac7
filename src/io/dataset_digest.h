// The digest of a dataset as it stands in an open HDF5 file.
#pragma once

#include <hdf5.h>

#include <optional>
#include <string>

namespace initscope {

// ColumnDigest() of what `dataset` holds, numbers or variable-length strings,
// read in the file's own type. Nothing where HDF5 cannot read it
// (Hdf5Reason()).
std::optional<std::string> DatasetDigest(hid_t dataset);

}  // namespace initscope
