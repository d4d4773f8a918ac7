// NumPy's .npy format, versions 1 to 3, of bool, integer and float arrays.
//
// Source: numpy.lib.format. Arrays in Fortran order are transposed to
// row-major, big-endian ones are converted.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "io/array.h"

namespace initscope {

// Decodes an .npy file; `path` is for messages. Throws UserError (kData) where
// it is anything but exactly one such array of rank >= 1.
Array ParseNpy(std::span<const uint8_t> content, const std::string& path);

}  // namespace initscope
