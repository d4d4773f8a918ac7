// The types of the values that our files hold.
#pragma once

#include <cstddef>

#include "io/hdf5_handle.h"

namespace initscope {

// Numbers are little-endian and IEEE; texts are strings of any kind.
enum class StoredType {
  kDouble,
  kFloat,
  kInt64,
  kUint64,
  kUint8,
  kText,
  kOther
};

StoredType StoredTypeOf(hid_t type);

// As NumPy writes it: "<f8", "<f4", "<i8", "<u8", "|u1"; "text", "other".
const char* StoredTypeName(StoredType type);

}  // namespace initscope
