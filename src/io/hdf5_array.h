// One numeric dataset of an HDF5 file.
//
// Digests are of the dataset's own type made little-endian, so they are what
// h5py and NumPy give. Not thread-safe: HDF5 itself is not.
#pragma once

#include <string>

#include "io/array.h"

namespace initscope {

// Reads `dataset`, an absolute path in the HDF5 file `path` (which may be
// gzipped as a whole): integers or floats of any size or h5py's booleans, rank
// >= 1. Throws UserError (kData); where there is no such dataset it names those
// there are.
Array ReadHdf5Array(const std::string& path, const std::string& dataset);

}  // namespace initscope
