// NumPy's .npy format, versions 1 to 3, of bool, integer and float arrays.
//
// Source: numpy.lib.format. Arrays in Fortran order are transposed to
// row-major, big-endian ones are converted.
#pragma once

#include "io/array.h"
#include "io/byte_source.h"

namespace initscope {

// Decodes an .npy file. Throws UserError (kData) where it is anything but
// exactly one such array of rank >= 1. REQUIRES: nothing was read of `source`.
Array ReadNpy(ByteSource* source);

}  // namespace initscope
