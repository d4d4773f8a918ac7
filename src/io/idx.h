// The IDX format of the MNIST files: a big-endian array of one numeric type.
//
// Source: http://yann.lecun.com/exdb/mnist/ ("The IDX file format"): two zero
// bytes, the type, the rank, the extents (uint32), then the elements.
#pragma once

#include <cstdint>
#include <span>

#include "io/array.h"
#include "io/byte_source.h"

namespace initscope {

// Whether `content` begins as an IDX file of a known type and of rank 1 … 8.
bool HasIdxMagic(std::span<const uint8_t> content);

// Decodes an IDX file. Throws UserError (kData) unless it holds exactly one
// such array. REQUIRES: nothing has been read from `source` yet.
Array ReadIdx(ByteSource* source);

}  // namespace initscope
