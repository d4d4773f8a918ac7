// Reads one numeric dataset of an HDF5 file.
//
// The digest is that of the dataset's own type made little-endian, as h5py and
// NumPy give it. Not thread-safe, because HDF5 is not.
#pragma once

#include <string>

#include "io/array.h"

namespace initscope {

// Reads `dataset`, an absolute path in the HDF5 file `path`, which may be
// gzipped as a whole. Its elements are integers or floats of any size, or
// h5py's booleans; its rank is at least 1. Throws UserError (kData); if there
// is no such dataset, the message names those that exist.
Array ReadHdf5Array(const std::string& path, const std::string& dataset);

}  // namespace initscope
