// Opens HDF5 files to be read.
#pragma once

#include <string>

#include "base/error.h"
#include "io/hdf5_handle.h"

namespace initscope {

// The HDF5 file at `path`, read only and without a lock: other programs may
// have it open, and some file systems have no locks. Throws UserError: kIo
// where there is no file that can be read, kData where it is not HDF5 or is
// damaged; the message says which, and what the file seems to be instead.
// Never waits for a pipe or a device.
Hdf5Handle OpenHdf5(const std::string& path);

// The error (kData) that says what is wrong with the file of `object`.
UserError FileError(hid_t object, const std::string& what);

}  // namespace initscope
