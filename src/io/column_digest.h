// The content digest that every dataset of a file carries as `sha256`.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace initscope {

// SHA-256 in hexadecimal of `bytes` bytes, little-endian values in row-major
// order.
std::string ColumnDigest(const void* values, size_t bytes);

// Each string is hashed with a zero byte behind it.
std::string ColumnDigest(const std::vector<std::string>& texts);

}  // namespace initscope
