#include "io/hdf5_handle.h"

#include <hdf5.h>

#include <algorithm>

namespace initscope {
namespace {

// Takes the first record and stops the walk.
herr_t TakeFirst(unsigned, const H5E_error2_t* record, void* reason) {
  if (record->desc != nullptr) {
    *static_cast<std::string*>(reason) = record->desc;
  }
  return 1;
}

std::string FirstRecord() {
  std::string record;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, TakeFirst, &record);
  return record;
}

// A driver's record: "…, errno = 28, error message = 'No space left on device',
// buf = 0x…, …".
constexpr std::string_view kSystem = "error message = '";

}  // namespace

bool Hdf5FailedInSystem() {
  return FirstRecord().find(kSystem) != std::string::npos;
}

std::string Hdf5Reason() {
  std::string reason = FirstRecord();
  const size_t begin = reason.find(kSystem);
  if (begin != std::string::npos) {
    reason.erase(0, begin + kSystem.size());
    reason.erase(std::min(reason.find('\''), reason.size()));
  }
  return reason.empty() ? "unknown reason" : reason;
}

std::string_view StoredType(hid_t type) {
  const auto is = [&](hid_t standard) { return H5Tequal(type, standard) > 0; };
  if (is(H5T_IEEE_F64LE)) return "<f8";
  if (is(H5T_IEEE_F32LE)) return "<f4";
  if (is(H5T_STD_I64LE)) return "<i8";
  if (is(H5T_STD_U64LE)) return "<u8";
  if (is(H5T_STD_U8LE)) return "|u1";
  return H5Tget_class(type) == H5T_STRING ? "text" : "other";
}

std::optional<std::vector<std::string>> ReadTexts(
    hid_t type, hid_t space, const std::function<herr_t(void*)>& read) {
  const hssize_t points = H5Sget_simple_extent_npoints(space);
  if (points < 0) return {};
  const auto count = static_cast<size_t>(points);
  std::vector<std::string> texts;
  if (H5Tis_variable_str(type) > 0) {
    std::vector<char*> pointers(count);
    if (count > 0 && read(pointers.data()) < 0) return {};
    for (const char* text : pointers) {
      texts.emplace_back(text == nullptr ? "" : text);
    }
    if (count > 0 &&
        H5Dvlen_reclaim(type, space, H5P_DEFAULT, pointers.data()) < 0) {
      return {};
    }
  } else {
    const size_t size = H5Tget_size(type);
    std::string all(count * size, '\0');
    if (count > 0 && read(all.data()) < 0) return {};
    for (size_t i = 0; i < count; ++i) {
      // Up to the zero byte that pads it.
      texts.emplace_back(all.substr(i * size, size).c_str());
    }
  }
  return texts;
}

Hdf5Handle UnlockedAccess() {
  Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  if (H5Pset_file_locking(access, false, true) < 0) return {};
  return access;
}

hid_t InSmallPieces() {
  static const hid_t transfer = [] {
    constexpr size_t kBytes = size_t{1} << 16;
    const hid_t made = H5Pcreate(H5P_DATASET_XFER);
    return H5Pset_buffer(made, kBytes, nullptr, nullptr) < 0 ? H5P_DEFAULT
                                                             : made;
  }();
  return transfer;
}

Hdf5Silence::Hdf5Silence() {
  // Before the library starts: its clean-up at exit would crash on a file that
  // a full disk kept from closing. Nothing needs the clean-up, since every
  // handle has an owner.
  H5dont_atexit();
  H5Eget_auto2(H5E_DEFAULT, &function_, &data_);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

Hdf5Silence::~Hdf5Silence() { H5Eset_auto2(H5E_DEFAULT, function_, data_); }

}  // namespace initscope
