#include "io/stored_type.h"

namespace initscope {

StoredType StoredTypeOf(hid_t type) {
  const auto is = [&](hid_t standard) { return H5Tequal(type, standard) > 0; };
  if (is(H5T_IEEE_F64LE)) return StoredType::kDouble;
  if (is(H5T_IEEE_F32LE)) return StoredType::kFloat;
  if (is(H5T_STD_I64LE)) return StoredType::kInt64;
  if (is(H5T_STD_U64LE)) return StoredType::kUint64;
  if (is(H5T_STD_U8LE)) return StoredType::kUint8;
  if (H5Tget_class(type) == H5T_STRING) return StoredType::kText;
  return StoredType::kOther;
}

const char* StoredTypeName(StoredType type) {
  switch (type) {
    case StoredType::kDouble:
      return "<f8";
    case StoredType::kFloat:
      return "<f4";
    case StoredType::kInt64:
      return "<i8";
    case StoredType::kUint64:
      return "<u8";
    case StoredType::kUint8:
      return "|u1";
    case StoredType::kText:
      return "text";
    case StoredType::kOther:
      break;
  }
  return "other";
}

}  // namespace initscope
