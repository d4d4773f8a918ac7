// NumPy's .npy format, versions 1 to 3, with bool, integer and float arrays.
//
// Source: numpy.lib.format. Arrays in Fortran order are transposed to row-major
// order, and big-endian ones are converted.
#pragma once

#include "io/array.h"
#include "io/byte_source.h"

namespace initscope {

// Decodes an .npy file. Throws UserError (kData) unless it holds exactly one
// such array, of rank >= 1. REQUIRES: nothing has been read from `source` yet.
Array ReadNpy(ByteSource* source);

}  // namespace initscope
