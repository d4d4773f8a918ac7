// The IDX format of the MNIST files: a big-endian array of one numeric type.
//
// Source: http://yann.lecun.com/exdb/mnist/ ("The IDX file format"): two zero
// bytes, the type, the rank, the extents (uint32), the elements.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "io/array.h"

namespace initscope {

// Whether `content` begins as an IDX file of a known type and a rank of 1 … 8.
bool HasIdxMagic(std::span<const uint8_t> content);

// Decodes an IDX file; `path` is for messages. Throws UserError (kData) where
// it is anything but exactly one such array.
Array ParseIdx(std::span<const uint8_t> content, const std::string& path);

}  // namespace initscope
